import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { fairShare, HeldLeases } from './held-leases.js';

const TTL_MS = 6_000;

/** The moment at which the server would let another copy take the unit: a ttl after the stamp, which is never before the sending. */
const takeableAt = (sentAt: number, delayMs: number): number => sentAt + delayMs + TTL_MS;

describe('held leases', () => {
  it('a lease is never believed at a moment when another copy may have taken it', () => {
    const beats = fc.array(fc.record({ pauseMs: fc.nat(9_000), delayMs: fc.nat(9_000) }), { minLength: 1, maxLength: 30 });
    fc.assert(
      fc.property(beats, fc.nat(20_000), (rounds, askedAfterMs) => {
        const leases = new HeldLeases(TTL_MS);
        let now = 0;
        let takeable = 0;
        for (const { pauseMs, delayMs } of rounds) {
          now += pauseMs;
          leases.confirm(1, 7, now);
          takeable = takeableAt(now, delayMs);
        }
        const asked = now + askedAfterMs;
        if (leases.valid(asked).has(1)) expect(asked).toBeLessThan(takeable);
      }),
    );
  });

  it('an expired lease is told once and is gone', () => {
    const leases = new HeldLeases(TTL_MS);
    leases.confirm(3, 1, 0);
    leases.confirm(4, 2, 1_000);
    expect(leases.nextExpiry()).toBe(TTL_MS);
    expect(leases.expire(TTL_MS)).toEqual([3]);
    expect(leases.expire(TTL_MS)).toEqual([]);
    expect([...leases.valid(TTL_MS)]).toEqual([[4, 2]]);
  });

  it('fair shares cover every unit and differ from an even split by less than one', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 256 }), fc.integer({ min: 0, max: 40 }), (units, members) => {
        const share = fairShare(units, members);
        expect(share * Math.max(1, members)).toBeGreaterThanOrEqual(units);
        expect(share - units / Math.max(1, members)).toBeLessThan(1);
      }),
    );
  });
});
