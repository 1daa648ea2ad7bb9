/** The texts of a pair. */
export interface PairTexts {
  customer: string;
  source: string;
}

const MOST_PAIRS = 262_144;

/**
 * Pairs read from segments lately, of all partitions of a process: 20 MB for thousands of customers that every segment has, 70 MB when no
 * two entries have the same texts.
 */
export class PairCache {
  private readonly pairs = new Map<number, PairTexts>();
  /** the same texts are there once, however many segments have them */
  private readonly texts = new Map<string, PairTexts>();
  private segments = 0;

  /** A number of its own for each segment that is opened. */
  nextSegment(): number {
    return this.segments++;
  }

  get(key: number): PairTexts | undefined {
    return this.pairs.get(key);
  }

  /** @returns the pair to use from now on */
  set(key: number, pair: PairTexts): PairTexts {
    if (this.pairs.size >= MOST_PAIRS) {
      this.pairs.clear();
      this.texts.clear();
    }
    const text = `${pair.customer.length} ${pair.customer}${pair.source}`;
    const kept = this.texts.get(text) ?? pair;
    this.texts.set(text, kept);
    this.pairs.set(key, kept);
    return kept;
  }
}
