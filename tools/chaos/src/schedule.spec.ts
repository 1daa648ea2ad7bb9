import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { type Fault, PARTS, schedule } from './schedule.js';

const first = (seed: number, count: number): Fault[] => {
  const faults = schedule({ seed, maxHoldMs: 60_000 });
  return Array.from({ length: count }, () => faults.next().value);
};

describe('the schedule of faults', () => {
  it('is the same for the same seed, and another for another', () => {
    fc.assert(fc.property(fc.nat(), (seed) => expect(first(seed, 40)).toEqual(first(seed, 40))), { numRuns: 20 });
    expect(first(1, 40)).not.toEqual(first(2, 40));
  });

  it('reaches every part as often as any other, give or take one round and pairs', () => {
    fc.assert(
      fc.property(fc.nat(), (seed) => {
        const leading = first(seed, PARTS.length * 3).map(({ parts }) => parts[0]!);
        for (const part of PARTS) expect(leading.filter((one) => one === part)).toHaveLength(3);
      }),
      { numRuns: 20 },
    );
  });

  it('freezes for 5 s up to the longest time, kills at once, and never names a part twice', () => {
    for (const { kind, parts, holdMs } of first(7, 500)) {
      expect(new Set(parts).size).toBe(parts.length);
      if (kind === 'kill') expect(holdMs).toBe(0);
      else expect(holdMs >= 5_000 && holdMs <= 60_000).toBe(true);
    }
  });
});
