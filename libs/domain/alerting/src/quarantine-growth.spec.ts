import { describe, expect, it } from '@jest/globals';
import { whyNoGrowth } from './quarantine-growth.js';

describe('growth of the quarantine', () => {
  const growth = { eventId: 'g', hourStartUs: 1_700_000_000_000_000 - (1_700_000_000_000_000 % 3_600_000_000), heldEvents: 5, threshold: 5, decidedAtUs: 1 };

  it('is about a whole hour, in which at least the threshold was held back', () => {
    expect(whyNoGrowth(growth)).toBeUndefined();
    expect(whyNoGrowth({ ...growth, hourStartUs: growth.hourStartUs + 1 })).toBe('hour_start_us');
    expect(whyNoGrowth({ ...growth, hourStartUs: 0 })).toBe('hour_start_us');
    expect(whyNoGrowth({ ...growth, heldEvents: 4 })).toBe('held_events');
    expect(whyNoGrowth({ ...growth, threshold: 0 })).toBe('threshold');
    expect(whyNoGrowth({ ...growth, eventId: '' })).toBe('event_id');
  });
});
