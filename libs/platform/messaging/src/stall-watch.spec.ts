import { describe, expect, it } from '@jest/globals';
import { backoffMs } from './backoff.js';
import { StallWatch } from './stall-watch.js';

describe('the stall watch', () => {
  it('reports a position that stands still with messages waiting for longer than the limit', () => {
    const watch = new StallWatch(0, 30_000);
    watch.observe(5, 10, 1_000);
    watch.observe(9, 10, 29_000);
    expect(watch.stalled(31_000)).toBeNull();
    watch.observe(12, 10, 32_000);
    expect(watch.stalled(32_000)).toBe('no progress behind 10 for 31 s');
    watch.observe(12, 11, 33_000);
    expect(watch.stalled(33_000)).toBeNull();
  });

  it('reports a partition that never comes to be read, and one that starts again and again from the same place', () => {
    const watch = new StallWatch(0, 30_000);
    for (let now = 0; now <= 40_000; now += 2_000) watch.observe(null, 0, now);
    expect(watch.stalled(40_000)).toMatch('no progress behind 0');
    watch.observe(3, 7, 41_000);
    for (let now = 42_000; now <= 80_000; now += 2_000) watch.observe(now % 4_000 === 0 ? null : 3, 7, now);
    expect(watch.stalled(80_000)).toMatch('no progress behind 7');
  });

  it('never reports a consumer that has nothing to do', () => {
    const watch = new StallWatch(0, 30_000);
    for (let now = 0; now < 120_000; now += 2_000) watch.observe(0, 10, now);
    expect(watch.stalled(120_000)).toBeNull();
  });
});

describe('the backoff', () => {
  it('grows from at most 100 ms to at most 5 s and never vanishes', () => {
    expect(backoffMs(0, () => 1)).toBe(100);
    expect(backoffMs(0, () => 0)).toBe(50);
    expect(backoffMs(3, () => 1)).toBe(800);
    for (const attempt of [6, 50, 5_000]) expect(backoffMs(attempt, () => 1)).toBe(5_000);
  });
});
