import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { FAULT_KINDS, type FaultKind, kindTerms } from './fault-kinds.js';
import { type Fault, schedule } from './schedule.js';

const KINDS = Object.keys(FAULT_KINDS) as FaultKind[];
const PASS = KINDS.reduce((sum, kind) => sum + kindTerms(kind).times, 0);

const first = (seed: number, count: number, each = false): Fault[] => {
  const faults = schedule({ seed, maxHoldMs: 60_000, each });
  return Array.from({ length: count }, () => faults.next().value);
};

describe('the schedule of faults', () => {
  it('is the same for the same seed, and another for another', () => {
    fc.assert(fc.property(fc.nat(), (seed) => expect(first(seed, 40)).toEqual(first(seed, 40))), { numRuns: 20 });
    expect(first(1, 40)).not.toEqual(first(2, 40));
  });

  it('does every kind in each pass, as often as it says, or once', () => {
    fc.assert(
      fc.property(fc.nat(), fc.boolean(), (seed, each) => {
        const pass = first(seed, each ? KINDS.length : PASS, each).map(({ kind }) => kind);
        for (const kind of KINDS) expect(pass.filter((one) => one === kind)).toHaveLength(each ? 1 : kindTerms(kind).times);
      }),
      { numRuns: 20 },
    );
  });

  it('reaches every target of every kind', () => {
    fc.assert(
      fc.property(fc.nat(), (seed) => {
        const faults = first(seed, PASS * 30);
        for (const kind of KINDS) {
          const reached = new Set(faults.filter((fault) => fault.kind === kind).flatMap(({ targets }) => targets));
          expect([...reached].sort()).toEqual([...kindTerms(kind).targets].sort());
        }
      }),
      { numRuns: 10 },
    );
  });

  it('stays within the times of a kind, and never names a target twice', () => {
    for (const { kind, targets, holdMs } of first(7, 500)) {
      const { holdMs: [least, most] = [0, 0], pairs = false } = kindTerms(kind);
      expect(new Set(targets).size).toBe(targets.length);
      expect(targets.length).toBeLessThanOrEqual(pairs ? 2 : 1);
      expect(holdMs >= least && holdMs <= most).toBe(true);
    }
  });
});
