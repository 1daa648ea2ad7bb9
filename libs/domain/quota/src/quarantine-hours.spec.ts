import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { decideQuarantineHour, hourStartOf } from './quarantine-hours.js';

const HOUR_US = 3_600_000_000;

describe('an hour of the quarantine', () => {
  it('begins at the full hour, which its last microsecond still belongs to', () => {
    const noon = Date.UTC(2026, 10, 22, 12) * 1000;
    expect([noon, noon + 1, noon + HOUR_US - 1].map(hourStartOf)).toEqual([noon, noon, noon]);
    expect(hourStartOf(noon + HOUR_US)).toBe(noon + HOUR_US);
  });

  it('is announced once, exactly when its count reaches the threshold, however the events come in', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: 50 })), fc.integer({ min: 1, max: 200 }), (counts, threshold) => {
        let hour = { hourStartUs: HOUR_US, heldEvents: 0, announced: false };
        let announcements = 0;
        for (const count of counts) {
          hour = { ...hour, heldEvents: hour.heldEvents + count };
          const grew = decideQuarantineHour(hour, threshold);
          if (grew === undefined) continue;
          expect(grew).toEqual({ hourStartUs: HOUR_US, heldEvents: hour.heldEvents, threshold });
          announcements++;
          hour = { ...hour, announced: true };
        }
        expect(announcements).toBe(hour.heldEvents >= threshold ? 1 : 0);
      }),
    );
  });
});
