/** Latencies of many requests, kept whole: percentiles are read, not estimated. */
export class Latencies {
  private values = new Float64Array(4096);
  private count = 0;
  private sorted = false;

  add(ms: number): void {
    if (this.count === this.values.length) {
      const larger = new Float64Array(this.count * 2);
      larger.set(this.values);
      this.values = larger;
    }
    this.values[this.count++] = ms;
    this.sorted = false;
  }

  get size(): number {
    return this.count;
  }

  /** The smallest value that at least `share` (0..1) of all are not above; NaN without values. */
  percentile(share: number): number {
    if (this.count === 0) return Number.NaN;
    if (!this.sorted) this.values.subarray(0, this.count).sort();
    this.sorted = true;
    return this.values[Math.max(0, Math.ceil(share * this.count) - 1)]!;
  }
}
