/** Lets one piece of work run at a time; the others wait in line. */
export class Turns {
  private last: Promise<unknown> = Promise.resolve();

  run<T>(work: () => Promise<T>): Promise<T> {
    const turn = this.last.then(work, work);
    this.last = turn.catch(() => undefined);
    return turn;
  }
}

/** Says that work is to end soon: what it has not finished will be done anew. */
export class Stop {
  private stopped = false;

  stop(): void {
    this.stopped = true;
  }

  /** @throws StoppedError when it is to end */
  check(): void {
    if (this.stopped) throw new StoppedError();
  }
}

export class StoppedError extends Error {
  constructor() {
    super('The idempotency index is being closed');
    this.name = 'StoppedError';
  }
}

/** Lets everything else that waits have its turn. */
export function breathe(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
