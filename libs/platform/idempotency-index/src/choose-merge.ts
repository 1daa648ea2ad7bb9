import { type SegmentEntry } from './segment.js';

export interface MergeRules {
  /** neighbours of one level that become one of the next */
  fanIn: number;
  /** a larger segment would need much disk beside itself while it is made */
  maxRecords: number;
  /** a segment is dropped as a whole: what it spans is kept longer than the window by as much */
  maxSpanHours: number;
}

/**
 * The oldest run of `fanIn` neighbours of one level that may become one segment, as [from, to) in the list, the newest first; null when
 * there is none. Every identity is so written once for each level.
 */
export function chooseMerge(segments: readonly Pick<SegmentEntry, 'level' | 'records' | 'oldestHour' | 'newestHour'>[], rules: MergeRules): [number, number] | null {
  for (let from = segments.length - rules.fanIn; from >= 0; from--) {
    const run = segments.slice(from, from + rules.fanIn);
    const records = run.reduce((sum, segment) => sum + segment.records, 0);
    const span = Math.max(...run.map(({ newestHour }) => newestHour)) - Math.min(...run.map(({ oldestHour }) => oldestHour));
    const oneLevel = run.every(({ level }) => level === run[0]!.level);
    if (oneLevel && records <= rules.maxRecords && span <= rules.maxSpanHours) return [from, from + rules.fanIn];
  }
  return null;
}

/** Segments that were made by merging less than others of their age could have been: so many wait for it. */
export function unmerged(segments: readonly Pick<SegmentEntry, 'level'>[]): number {
  const first = segments.findIndex(({ level }) => level > 0);
  return first < 0 ? segments.length : first;
}
