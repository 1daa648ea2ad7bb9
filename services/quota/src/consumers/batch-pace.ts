/**
 * Keeps commits apart under load. The upsert of a batch costs by the keys it touches, and a batch of twice the events touches hardly
 * more keys: two large commits a second cost far less than twenty small ones. A small batch, when little is going on, is never held up.
 */
export class BatchPace {
  /**
   * @param intervalMs least time from the start of one large batch to the next
   * @param largeEvents from how many events on a batch counts as large
   */
  constructor(
    private readonly intervalMs: number,
    private readonly largeEvents: number,
  ) {}

  /** Resolves when the next batch may be taken; meanwhile it grows. */
  async afterBatch(events: number, startedAtMs: number): Promise<void> {
    const leftMs = startedAtMs + this.intervalMs - performance.now();
    if (events < this.largeEvents || leftMs <= 1) return;
    await new Promise((resolve) => setTimeout(resolve, leftMs));
  }
}
