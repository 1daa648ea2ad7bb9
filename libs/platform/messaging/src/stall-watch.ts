const MS_PER_S = 1000;

/** Tells when a consumer falls behind without getting anywhere: lag that does not shrink while the position stands still. */
export class StallWatch {
  private position = -1;
  private progressAtMs = 0;

  constructor(private readonly limitMs = 30_000) {}

  /** @param nowMs a monotonic clock's milliseconds */
  observe(lag: number, position: number, nowMs: number): void {
    if (lag > 0 && position === this.position) return;
    this.position = position;
    this.progressAtMs = nowMs;
  }

  /** A reason when there was work and no progress for the limit; null otherwise. */
  stalled(nowMs: number): string | null {
    const forMs = nowMs - this.progressAtMs;
    return this.position >= 0 && forMs > this.limitMs ? `no progress behind ${this.position} for ${Math.round(forMs / MS_PER_S)} s` : null;
  }
}
