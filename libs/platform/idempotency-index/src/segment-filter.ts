/** With 16 bits for each identity, 0.4 % of those that are not there pass. */
const BITS_PER_IDENTITY = 16;
/** in two words */
export const BLOCK_BITS = 64;
/** Sizes are rounded up to so many steps for each doubling, so that segments made alike have filters of the same size. */
const STEPS = 16;

/**
 * A blocked Bloom filter over the usage_ids of a segment. A usage_id sets six bits in one block of two words, so that asking costs one
 * access to memory: three in the first word by bits 0-14 of its third word, three in the second one by bits 15-29. The block follows from its
 * second word, which segments are sorted by: building a filter walks through the memory in order.
 */
export class SegmentFilter {
  private readonly scale: number;

  constructor(readonly words: Uint32Array) {
    this.scale = words.length / 2 / 2 ** 32;
  }

  static forIdentities(count: number): SegmentFilter {
    const blocks = Math.max(1, Math.ceil((count * BITS_PER_IDENTITY) / BLOCK_BITS));
    const step = Math.max(1, 2 ** Math.floor(Math.log2(blocks)) / STEPS);
    return new SegmentFilter(new Uint32Array(2 * Math.ceil(blocks / step) * step));
  }

  add(w1: number, w2: number): void {
    const at = ((w1 * this.scale) >>> 0) * 2;
    this.words[at]! |= firstBits(w2);
    this.words[at + 1]! |= secondBits(w2);
  }
}

// A shift uses the five lowest bits of its right side.
function firstBits(w2: number): number {
  return (1 << w2) | (1 << (w2 >>> 5)) | (1 << (w2 >>> 10));
}

function secondBits(w2: number): number {
  return (1 << (w2 >>> 15)) | (1 << (w2 >>> 20)) | (1 << (w2 >>> 25));
}
