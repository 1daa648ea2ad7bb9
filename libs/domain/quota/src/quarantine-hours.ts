/** Microseconds in an hour. */
const HOUR_US = 3_600_000_000;

/** Beginning of the UTC hour that a time lies in. Both are microseconds since the Unix epoch. */
export const hourStartOf = (timeUs: number): number => timeUs - (timeUs % HOUR_US);

/** What is known of one hour: how many of its events were held back, and whether that was said already. */
export interface QuarantineHour {
  readonly hourStartUs: number;
  readonly heldEvents: number;
  readonly announced: boolean;
}

/** The quarantine grew in an hour by as much as is worth an alert. */
export interface QuarantineGrew {
  readonly hourStartUs: number;
  readonly heldEvents: number;
  readonly threshold: number;
}

/** Decides whether an hour's count is news: once in each hour, when it reaches the threshold. */
export function decideQuarantineHour(hour: QuarantineHour, threshold: number): QuarantineGrew | undefined {
  if (hour.announced || hour.heldEvents < threshold) return undefined;
  return { hourStartUs: hour.hourStartUs, heldEvents: hour.heldEvents, threshold };
}

/** The one name of that decision: the same hour announced again, by whatever copy, has the same name. */
export const quarantineGrewId = (hourStartUs: number): string => `quarantine-grew/${hourStartUs}`;
