/**
 * Keeps commits to a share of the time. What a commit costs depends on the keys it touches, and a batch of twice the events touches
 * hardly more keys: two large batches a second cost far less than twenty small ones. While little is going on a commit takes
 * milliseconds, and so does the pause behind it.
 */
export class BatchPace {
  /**
   * @param sharePercent most of the time that goes into batches
   * @param maxPauseMs a batch never waits longer than this for its turn
   */
  constructor(
    private readonly sharePercent: number,
    private readonly maxPauseMs: number,
  ) {}

  /** How long to let the next batch grow after one that took `elapsedMs`. */
  pauseMs(elapsedMs: number): number {
    return Math.min(this.maxPauseMs, elapsedMs * (100 / this.sharePercent - 1));
  }

  /** Resolves when the next batch may be taken. */
  async afterBatch(startedAtMs: number): Promise<void> {
    const pauseMs = this.pauseMs(performance.now() - startedAtMs);
    if (pauseMs >= 1) await new Promise((resolve) => setTimeout(resolve, pauseMs));
  }
}
