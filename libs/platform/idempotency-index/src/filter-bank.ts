import { type Segment } from './segment.js';
import { BLOCK_BITS, type SegmentFilter } from './segment-filter.js';
import { breathe } from './turns.js';

const LANES = 16;
const BLOCKS_AT_ONCE = 8_192;

/**
 * Sixteen filters of the same size, bit by bit beside each other: 16 bits hold one bit of each. Asking all of them takes six numbers that lie
 * within 128 bytes, where asking each would go to memory sixteen times.
 */
class FilterGroup {
  /** whose filter is in each bit, null where none is */
  readonly lanes: (Segment | null)[] = Array.from({ length: LANES }, () => null);
  private readonly bits: Uint16Array;
  private readonly scale: number;
  /** lanes in use, and lanes whose bits are not all zero */
  private live = 0;
  private used = 0;

  constructor(readonly blocks: number) {
    this.bits = new Uint16Array(new ArrayBuffer(blocks * BLOCK_BITS * 2));
    this.scale = blocks / 2 ** 32;
  }

  /** The lanes that may hold a usage_id, as bits. */
  passing(w1: number, w2: number): number {
    const { bits } = this;
    const at = ((w1 * this.scale) >>> 0) * BLOCK_BITS;
    return (
      this.live &
      bits[at + (w2 & 31)]! &
      bits[at + ((w2 >>> 5) & 31)]! &
      bits[at + ((w2 >>> 10) & 31)]! &
      bits[at + 32 + ((w2 >>> 15) & 31)]! &
      bits[at + 32 + ((w2 >>> 20) & 31)]! &
      bits[at + 32 + ((w2 >>> 25) & 31)]!
    );
  }

  async add(segment: Segment, { words }: SegmentFilter): Promise<void> {
    const lane = this.lanes.indexOf(null);
    const bit = 1 << lane;
    this.lanes[lane] = segment;
    for (let word = 0; word < words.length; word++) {
      if (word % (2 * BLOCKS_AT_ONCE) === 0) await breathe();
      if ((this.used & bit) !== 0) for (let at = word * 32; at < word * 32 + 32; at++) this.bits[at]! &= ~bit;
      for (let rest = words[word]!; rest !== 0; rest &= rest - 1) this.bits[word * 32 + 31 - Math.clz32(rest & -rest)]! |= bit;
    }
    this.used |= bit;
    this.live |= bit;
  }

  remove(segment: Segment): void {
    const lane = this.lanes.indexOf(segment);
    if (lane < 0) return;
    this.lanes[lane] = null;
    this.live &= ~(1 << lane);
  }

  /** One that a filter is just being added to is not. */
  get isEmpty(): boolean {
    return this.lanes.every((lane) => lane === null);
  }
}

/** The filters of all segments of a partition, in memory. */
export class FilterBank {
  private groups: FilterGroup[] = [];
  private readonly found: Segment[] = [];

  /** Resolves when the segment is asked, too. */
  async add(segment: Segment): Promise<void> {
    const filter = await segment.readFilter();
    const blocks = filter.words.length / 2;
    let group = this.groups.find((one) => one.blocks === blocks && one.lanes.includes(null));
    if (group === undefined) this.groups = [...this.groups, (group = new FilterGroup(blocks))];
    await group.add(segment, filter);
  }

  remove(segment: Segment): void {
    for (const group of this.groups) group.remove(segment);
    this.groups = this.groups.filter(({ isEmpty }) => !isEmpty);
  }

  /** The segments that may hold a usage_id with these second and third words, in no order; valid until the next call. */
  passing(w1: number, w2: number): readonly Segment[] {
    const { groups, found } = this;
    found.length = 0;
    for (let i = 0; i < groups.length; i++) {
      for (let lanes = groups[i]!.passing(w1, w2); lanes !== 0; lanes &= lanes - 1) found.push(groups[i]!.lanes[31 - Math.clz32(lanes & -lanes)]!);
    }
    return found;
  }
}
