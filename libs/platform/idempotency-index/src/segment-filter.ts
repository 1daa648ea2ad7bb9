/** With 16 bits for each identity, 0.4 % of those that are not there pass. */
const BITS_PER_IDENTITY = 16;
const BLOCK_BITS = 64;

/**
 * A blocked Bloom filter over the usage_ids of a segment. A usage_id sets six bits in one block of two words, so that asking costs one
 * access to memory. The block follows from the word that segments are sorted by: building one walks through the memory in order.
 */
export class SegmentFilter {
  private readonly scale: number;

  constructor(readonly words: Uint32Array) {
    this.scale = words.length / 2 / 2 ** 32;
  }

  static forIdentities(count: number): SegmentFilter {
    return new SegmentFilter(new Uint32Array(2 * Math.max(1, Math.ceil((count * BITS_PER_IDENTITY) / BLOCK_BITS))));
  }

  add(w1: number, w2: number): void {
    const at = ((w1 * this.scale) >>> 0) * 2;
    this.words[at]! |= firstBits(w2);
    this.words[at + 1]! |= secondBits(w2);
  }

  /** False: no usage_id with these words is there. `first` and `second` are the bits of its third word. */
  mayHold(w1: number, first: number, second: number): boolean {
    const at = ((w1 * this.scale) >>> 0) * 2;
    return ((~this.words[at]! & first) | (~this.words[at + 1]! & second)) === 0;
  }
}

/** Three bits of a block's first word. A shift uses the five lowest bits of its right side. */
export function firstBits(w2: number): number {
  return (1 << w2) | (1 << (w2 >>> 5)) | (1 << (w2 >>> 10));
}

export function secondBits(w2: number): number {
  return (1 << (w2 >>> 15)) | (1 << (w2 >>> 20)) | (1 << (w2 >>> 25));
}
