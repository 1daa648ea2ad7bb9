import { describe, expect, it } from '@jest/globals';
import { Outcome } from '@ledgerline/contracts';
import { CorrectedEvent, correctionRunOf, deltasOf, envelopeOf, runOf } from '@ledgerline/testing';
import { planRanges, SourceGapError } from './plan-ranges.js';

const none = new Map<number, number>();
const one = (partition: number, sequence: number, rows = 1, recordedAtUs?: number) => runOf(partition, sequence, Array.from({ length: rows }, () => ({})), recordedAtUs);
const sequences = (ranges: ReturnType<typeof planRanges>) => ranges.map(({ runs }) => runs.map(({ partition, run }) => `${partition}:${run.sourceSequence}`));

describe('planRanges', () => {
  it('puts runs of all partitions into one range', () => {
    const [range, ...rest] = planRanges([envelopeOf(0, [one(0, 1, 2), one(0, 2)]), envelopeOf(2, [one(2, 1, 3)])], none, 100);
    expect(rest).toEqual([]);
    expect(range).toMatchObject({ rows: 6, month: 202611, generation: 1 });
    expect([...range!.sources]).toEqual([[0, { from: 1, to: 2 }], [2, { from: 1, to: 1 }]]);
  });

  it('skips source positions that are in the store already, whole envelopes and parts of them', () => {
    expect(sequences(planRanges([envelopeOf(0, [one(0, 1), one(0, 2)]), envelopeOf(0, [one(0, 2), one(0, 3)]), envelopeOf(0, [one(0, 3)])], new Map([[0, 2]]), 100))).toEqual([['0:3']]);
  });

  it('refuses to go on over a gap in the sources', () => {
    expect(() => planRanges([envelopeOf(0, [one(0, 4)])], new Map([[0, 2]]), 100)).toThrow(SourceGapError);
  });

  it('never cuts a source message in two, and starts a range before it would hold too many rows', () => {
    expect(sequences(planRanges([envelopeOf(0, [one(0, 1, 3), one(0, 2, 3), one(0, 3, 9), one(0, 4, 1)])], none, 6))).toEqual([['0:1', '0:2'], ['0:3'], ['0:4']]);
  });

  it('starts a range at a month of recording', () => {
    const newYearUs = Date.UTC(2027, 0, 1) * 1000;
    expect(sequences(planRanges([envelopeOf(0, [one(0, 1, 1, newYearUs - 1), one(0, 2, 1, newYearUs), one(0, 3, 1, newYearUs + 1)])], none, 100))).toEqual([['0:1'], ['0:2', '0:3']]);
  });

  it('counts only rows that count, but moves over all sources', () => {
    const run = runOf(0, 1, [{ outcome: Outcome.duplicate }, { outcome: Outcome.quarantined }, { outcome: Outcome.unpriced }, {}]);
    const [range] = planRanges([envelopeOf(0, [run]), envelopeOf(0, [runOf(0, 2, [{ outcome: Outcome.duplicate }])])], none, 100);
    expect(range!.rows).toBe(2);
    expect(range!.sources.get(0)).toEqual({ from: 1, to: 2 });
  });

  it('counts the rows that corrections make, in their own message or in that of a parked one\'s event, and never the corrections themselves', () => {
    const recorded = runOf(0, 1, [{}, {}, { outcome: Outcome.duplicate }]);
    const [first, second] = recorded.usageIds.map((usageId) => new CorrectedEvent(usageId, {}));
    const corrections = correctionRunOf(0, 2, [{ usageId: first!.usageId }, { usageId: first!.usageId, outcome: Outcome.refused }], first!.becomes(2, 'a', {}));
    const refused = correctionRunOf(0, 3, [{ usageId: first!.usageId, outcome: Outcome.refused }]);
    const [range] = planRanges([envelopeOf(0, [{ ...recorded, deltas: deltasOf(0, second!.voided('b')) }, corrections, refused])], none, 100);
    expect(range!.runs.map(({ rows }) => rows)).toEqual([3, 2, 0]);
    expect(range).toMatchObject({ rows: 5, sources: new Map([[0, { from: 1, to: 3 }]]) });
  });
});
