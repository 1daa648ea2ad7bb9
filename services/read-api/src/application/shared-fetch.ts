/**
 * One fetch for all who wait. Whoever asks gets a fetch that began after they asked, so its answer holds everything that had happened
 * by then; those who ask while one runs share the next.
 */
export class SharedFetch<T> {
  private running: Promise<T> | null = null;
  private next: Promise<T> | null = null;

  constructor(private readonly fetch: () => Promise<T>) {}

  get(): Promise<T> {
    if (this.running === null) return this.start();
    this.next ??= this.running.then(
      () => this.startNext(),
      () => this.startNext(),
    );
    return this.next;
  }

  private startNext(): Promise<T> {
    this.next = null;
    return this.start();
  }

  private start(): Promise<T> {
    const fetch = this.fetch();
    this.running = fetch;
    const ended = (): void => {
      if (this.running === fetch) this.running = null;
    };
    fetch.then(ended, ended);
    return fetch;
  }
}
