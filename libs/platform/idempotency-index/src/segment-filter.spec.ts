import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { FilterBank } from './filter-bank.js';
import { SegmentFilter } from './segment-filter.js';
import { type Segment } from './segment.js';

type Key = readonly [w1: number, w2: number];
const word = fc.integer({ min: 0, max: 2 ** 32 - 1 });
const key = fc.tuple(word, word);

/** The part of a segment that a bank uses. */
function segmentOf(keys: readonly Key[]): Segment {
  const filter = SegmentFilter.forIdentities(keys.length);
  for (const [w1, w2] of keys) filter.add(w1, w2);
  return { readFilter: async () => filter } as Partial<Segment> as Segment;
}

function spread(from: number, to: number): Key[] {
  return Array.from({ length: to - from }, (_, i) => [Math.imul(from + i, 0x9e37_79b1) >>> 0, Math.imul(Math.imul(from + i, 0x85eb_ca6b) ^ 0x1234_5678, 0xc2b2_ae35) >>> 0]);
}

describe('the filters of segments', () => {
  it('let every usage_id of every segment pass, whatever segments came and went before', async () => {
    const segments = fc.array(fc.record({ keys: fc.oneof(fc.array(key, { minLength: 1, maxLength: 30 }), fc.constant([[0, 0], [2 ** 32 - 1, 2 ** 32 - 1]] as Key[])), goes: fc.boolean() }), {
      maxLength: 24,
    });
    await fc.assert(
      fc.asyncProperty(segments, async (given) => {
        const bank = new FilterBank();
        const there = new Map<Segment, readonly Key[]>();
        for (const { keys, goes } of given) {
          const segment = segmentOf(keys);
          await bank.add(segment);
          there.set(segment, keys);
          if (!goes) continue;
          const [first] = there.keys();
          bank.remove(first!);
          there.delete(first!);
        }
        for (const [segment, keys] of there) for (const [w1, w2] of keys) expect(bank.passing(w1, w2)).toContain(segment);
        const all = new Set(bank.passing(1, 2));
        for (const segment of all) expect(there.has(segment)).toBe(true);
      }),
    );
  });

  it('hold back all but 1 % of what no segment has, also where a segment was before', async () => {
    const bank = new FilterBank();
    const gone = segmentOf(spread(0, 20_000));
    await bank.add(gone);
    await bank.add(segmentOf(spread(20_000, 40_000)));
    bank.remove(gone);
    await bank.add(segmentOf(spread(40_000, 60_000)));
    const passed = (from: number, to: number) => spread(from, to).reduce((sum, [w1, w2]) => sum + bank.passing(w1, w2).length, 0) / (to - from);
    expect(passed(0, 20_000)).toBeLessThan(0.02);
    expect(passed(60_000, 90_000)).toBeLessThan(0.02);
    expect(passed(20_000, 60_000)).toBeGreaterThanOrEqual(1);
  });
});
