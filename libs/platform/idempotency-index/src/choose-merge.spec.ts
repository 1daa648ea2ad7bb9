import { describe, expect, it } from '@jest/globals';
import { chooseMerge } from './choose-merge.js';

const RULES = { fanIn: 3, maxRecords: 1_000, maxSpanHours: 100 };
/** The newest first, an hour each. */
const list = (...segments: [level: number, records: number][]) => segments.map(([level, records], i) => ({ level, records, oldestHour: 500 - i, newestHour: 501 - i }));

describe('choosing what to merge', () => {
  it('takes the oldest neighbours of one level, as many as are merged at once', () => {
    expect(chooseMerge(list([0, 9], [0, 9], [0, 9], [0, 9]), RULES)).toEqual([1, 4]);
    expect(chooseMerge(list([0, 9], [0, 9], [0, 9], [1, 27], [1, 27]), RULES)).toEqual([0, 3]);
    expect(chooseMerge(list([0, 9], [0, 9], [1, 27], [1, 27], [1, 27]), RULES)).toEqual([2, 5]);
  });

  it('merges nothing while there are too few of a level', () => {
    expect(chooseMerge([], RULES)).toBeNull();
    expect(chooseMerge(list([0, 9], [0, 9]), RULES)).toBeNull();
    expect(chooseMerge(list([0, 9], [0, 9], [1, 27], [0, 9]), RULES)).toBeNull();
  });

  it('makes no segment that is larger, or spans more time, than it may', () => {
    expect(chooseMerge(list([1, 400], [1, 400], [1, 400]), RULES)).toBeNull();
    expect(chooseMerge(list([0, 300], [0, 300], [0, 300], [0, 500]), RULES)).toEqual([0, 3]);
    const apart = list([0, 1], [0, 1], [0, 1]).map((segment, i) => ({ ...segment, oldestHour: 500 - i * 60, newestHour: 510 - i * 60 }));
    expect(chooseMerge(apart, RULES)).toBeNull();
    expect(chooseMerge(apart, { ...RULES, maxSpanHours: 130 })).toEqual([0, 3]);
  });
});
