/** The texts of a pair. */
export interface PairTexts {
  customer: string;
  source: string;
}

const MOST_PAIRS = 32_768;

/** Pairs read from segments lately, of all partitions of a process: a few megabytes. */
export class PairCache {
  private readonly pairs = new Map<number, PairTexts>();
  private segments = 0;

  /** A number of its own for each segment that is opened. */
  nextSegment(): number {
    return this.segments++;
  }

  get(key: number): PairTexts | undefined {
    return this.pairs.get(key);
  }

  set(key: number, pair: PairTexts): void {
    if (this.pairs.size >= MOST_PAIRS) this.pairs.clear();
    this.pairs.set(key, pair);
  }
}
