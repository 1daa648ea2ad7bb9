/** More events were held back within one hour than usual. Times are microseconds since the Unix epoch. */
export interface QuarantineGrowth {
  /** The same each time the decision is delivered. */
  readonly eventId: string;
  /** Beginning of the UTC hour: what the alert is about. At most one alert exists for it. */
  readonly hourStartUs: number;
  readonly heldEvents: number;
  /** How many it took. */
  readonly threshold: number;
  readonly decidedAtUs: number;
}

const HOUR_US = 3_600_000_000;

/** What is wrong with it, or undefined. Only a whole hour names an alert: else two could be about the same. */
export function whyNoGrowth({ eventId, hourStartUs, heldEvents, threshold }: QuarantineGrowth): string | undefined {
  if (eventId === '') return 'event_id';
  if (!Number.isSafeInteger(hourStartUs) || hourStartUs <= 0 || hourStartUs % HOUR_US !== 0) return 'hour_start_us';
  if (threshold < 1) return 'threshold';
  return heldEvents < threshold ? 'held_events' : undefined;
}
