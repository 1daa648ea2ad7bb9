import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { nextAttemptMs } from './mail-retry.js';

const HOUR_MS = 3_600_000;
const terms = { firstPauseMs: 5_000, giveUpMs: 24 * HOUR_MS };

describe('a mail that was not taken', () => {
  it('is tried after a pause that doubles, up to an hour', () => {
    const pauses = [1, 2, 3, 10, 11, 200].map((attempts) => nextAttemptMs({ attempts, queuedAtMs: 0, nowMs: 1_000 }, terms)! - 1_000);
    expect(pauses).toEqual([5_000, 10_000, 20_000, 2_560_000, HOUR_MS, HOUR_MS]);
  });

  it('is tried a last time at the end of its time, and then given up', () => {
    expect(nextAttemptMs({ attempts: 30, queuedAtMs: 0, nowMs: terms.giveUpMs - 1 }, terms)).toBe(terms.giveUpMs);
    expect(nextAttemptMs({ attempts: 31, queuedAtMs: 0, nowMs: terms.giveUpMs }, terms)).toBeUndefined();
  });

  it('is tried a bounded number of times, whatever the terms', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 2 * HOUR_MS }), fc.integer({ min: 1, max: 48 * HOUR_MS }), (firstPauseMs, giveUpMs) => {
        let [attempts, nowMs]: [number, number | undefined] = [0, 0];
        while (nowMs !== undefined) {
          const next: number | undefined = nextAttemptMs({ attempts: ++attempts, queuedAtMs: 0, nowMs }, { firstPauseMs, giveUpMs });
          if (next !== undefined) expect(next).toBeGreaterThan(nowMs);
          nowMs = next;
        }
        // Doublings up to an hour, then an hour each, and the two ends.
        expect(attempts).toBeLessThanOrEqual(Math.log2(HOUR_MS) + giveUpMs / HOUR_MS + 3);
      }),
    );
  });
});
