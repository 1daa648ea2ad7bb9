/** Microseconds of the index's unit of time: fine enough for a window of days, coarse enough that a segment names each hour once. */
export const HOUR_US = 3_600_000_000;

/** The hour since 1970 in which something was recorded. */
export function hourOf(recordedAtUs: number): number {
  return Math.floor(recordedAtUs / HOUR_US);
}

/** What an index knows of the time its identities came in. Hours since 1970; -1: none came yet. */
export interface Arrivals {
  /** of the first identity ever entered */
  first: number;
  /** the highest seen: a clock set back does not move the window back */
  newest: number;
}

export const NO_ARRIVALS: Arrivals = { first: -1, newest: -1 };

/** The hour of arrival of a sequence, among [first sequence, hour] in ascending order. */
export function hourAt(arrivals: readonly (readonly [number, number])[], sequence: number): number {
  let low = 0;
  for (let high = arrivals.length; high - low > 1; ) {
    const middle = (low + high) >>> 1;
    if (arrivals[middle]![0] <= sequence) low = middle;
    else high = middle;
  }
  return arrivals[low]![1];
}

/** From when on every identity is held, microseconds since 1970; 0 when none has fallen out of the window yet. */
export function coveredFromUs({ first, newest }: Arrivals, windowHours: number): number {
  return first >= newest - windowHours ? 0 : (newest - windowHours) * HOUR_US;
}
