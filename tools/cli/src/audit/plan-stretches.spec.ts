import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { type SealedPosition } from './baseline.js';
import { type PartitionAt, planStretches } from './plan-stretches.js';

const sealedAt = (partition: number, pricedSequence: number): SealedPosition => ({
  partition, pricedSequence, sourceSequence: pricedSequence * 10, streamId: 'then', messageDigest: 'd', usageEvents: 1n, corrections: 0n, outcomes: [],
});

const partition = fc.record({ cut: fc.nat({ max: 50 }), first: fc.integer({ min: 1, max: 60 }), sealed: fc.option(fc.nat({ max: 60 }), { nil: undefined }) });
const partitions = fc.array(partition, { minLength: 1, maxLength: 4 }).map((all) =>
  all.map(({ cut, first, sealed }, index): PartitionAt => ({ partition: index, cut, first, sealed: sealed === undefined ? undefined : sealedAt(index, sealed) })),
);

describe('planning an audit', () => {
  it('never asks for what cannot be read, nor for anything past the cut', () => {
    fc.assert(
      fc.property(partitions, fc.boolean(), (given, full) => {
        planStretches(given, full).stretches.forEach(({ again, counted }, index) => {
          const { first, cut } = given[index]!;
          for (const stretch of [...again, counted]) {
            expect(stretch.cut).toBeLessThanOrEqual(cut);
            if (stretch.after < stretch.cut) expect(stretch.after).toBeGreaterThanOrEqual(first - 1);
          }
        });
      }),
    );
  });

  it('walks without a gap up to the cut, from the beginning, the baseline, or where the log begins', () => {
    fc.assert(
      fc.property(partitions, fc.boolean(), (given, full) => {
        const { coverage, stretches } = planStretches(given, full);
        stretches.forEach(({ again, counted }, index) => {
          const { first, cut, sealed } = given[index]!;
          expect(counted.cut).toBe(cut);
          if (coverage === 'whole') expect(counted.after).toBe(0);
          if (coverage === 'baseline') expect(counted.after).toBe(sealed?.pricedSequence ?? 0);
          if (coverage === 'range') expect(counted.after).toBe(Math.min(first - 1, cut));
          for (const stretch of again) expect(stretch.cut).toBe(counted.after);
        });
      }),
    );
  });

  it('rests on a baseline only where full is not asked for, or the beginning is gone', () => {
    const at = (first: number): PartitionAt[] => [{ partition: 0, cut: 9, first, sealed: sealedAt(0, 5) }];
    expect(planStretches(at(1), false)).toMatchObject({ coverage: 'baseline', stretches: [{ again: [], counted: { after: 5, sourceAfter: 50, cut: 9 } }] });
    expect(planStretches(at(1), true)).toMatchObject({ coverage: 'whole', stretches: [{ counted: { after: 0, sourceAfter: 0 } }] });
    expect(planStretches(at(3), true)).toMatchObject({ coverage: 'baseline', stretches: [{ again: [{ after: 2, sourceAfter: null, cut: 5 }], counted: { after: 5 } }] });
    expect(planStretches(at(7), false)).toMatchObject({ coverage: 'range', stretches: [{ again: [], counted: { after: 6, sourceAfter: null } }] });
  });

  it('does not rest on a baseline that lies beyond the cut: the projection has gone back', () => {
    expect(planStretches([{ partition: 0, cut: 4, first: 1, sealed: sealedAt(0, 5) }], false).coverage).toBe('whole');
  });
});
