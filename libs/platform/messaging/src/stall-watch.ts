const MS_PER_S = 1000;

/** Tells when a consumer gets nowhere although something waits, or may wait, for it. Times are a monotonic clock's milliseconds. */
export class StallWatch {
  private position = -1;
  private waiting = true;
  private progressAtMs: number;

  constructor(
    nowMs: number,
    private readonly limitMs = 30_000,
  ) {
    this.progressAtMs = nowMs;
  }

  /** @param lag messages waiting; null when that cannot be known at the moment */
  observe(lag: number | null, position: number, nowMs: number): void {
    this.waiting = lag !== 0;
    if (this.waiting && position <= this.position) return;
    this.position = Math.max(position, this.position);
    this.progressAtMs = nowMs;
  }

  /** A reason when there was no progress for longer than the limit; null otherwise. */
  stalled(nowMs: number): string | null {
    const forMs = nowMs - this.progressAtMs;
    return this.waiting && forMs > this.limitMs ? `no progress behind ${Math.max(0, this.position)} for ${Math.round(forMs / MS_PER_S)} s` : null;
  }
}
