/** Whoever has something to send. */
export interface Sender {
  takeTurn(): void;
}

/**
 * When envelopes are sent: after a quiet spell at the end of the current turn of the event loop, in a crowd `intervalMs` after the last
 * time, and all partitions together, so that their messages share one write to the broker and one read of its answers.
 */
export class SendTurns {
  private readonly waiting = new Set<Sender>();
  private lastMs = -Infinity;

  /** @param intervalMs most that a crowd makes an event wait for company */
  constructor(private readonly intervalMs: number) {}

  /** Has `sender` take part in the next turn. */
  request(sender: Sender): void {
    const arranged = this.waiting.size > 0;
    this.waiting.add(sender);
    if (arranged) return;
    const waitMs = this.lastMs + this.intervalMs - performance.now();
    if (waitMs <= 0) setImmediate(this.run);
    else setTimeout(this.run, waitMs);
  }

  private readonly run = (): void => {
    this.lastMs = performance.now();
    const senders = [...this.waiting];
    this.waiting.clear();
    for (const sender of senders) sender.takeTurn();
  };
}
