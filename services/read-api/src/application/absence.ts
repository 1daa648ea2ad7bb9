import { type RetentionHorizon } from './ports.js';

/** No such event is stored, and nothing says that there ever was one. */
export class UnknownEventError extends Error {
  readonly code = 'unknown_event';

  constructor(usageId: string, keptFromUs: number | null) {
    super(keptFromUs === null ? `No event ${usageId} was recorded.` : `No event ${usageId} is stored. Events are kept that were recorded from ${dayOf(keptFromUs)} on; for an older one use POST /v1/credits.`);
    this.name = 'UnknownEventError';
  }
}

/** What is asked for lies before everything that is still stored. */
export class PastRetentionError extends Error {
  readonly code = 'past_retention';

  constructor(usageId: string, keptFromUs: number | null) {
    super(`Event ${usageId} is no longer stored${keptFromUs === null ? '' : `: events are kept that were recorded from ${dayOf(keptFromUs)} on`}. Its sums stay; to give money back for it, use POST /v1/credits.`);
    this.name = 'PastRetentionError';
  }
}

/** What is known of an event that has no rows. */
export interface Traces {
  /** When it was recorded or occurred, as the caller says. Microseconds since 1970. */
  saidUs?: number;
  /** A correction of it was applied, so it was there. */
  corrected: boolean;
}

/**
 * Tells an event that is no longer stored from one that never was, as far as that can be told: a usage_id is a hash and says nothing of
 * when, so without a trace an absent event is unknown.
 */
export class Absence {
  constructor(private readonly horizon: RetentionHorizon) {}

  async explain(usageId: string, { saidUs, corrected }: Traces): Promise<UnknownEventError | PastRetentionError> {
    const keptFromUs = await this.horizon.keptFromUs();
    const gone = corrected || (saidUs !== undefined && keptFromUs !== null && saidUs < keptFromUs);
    return gone ? new PastRetentionError(usageId, keptFromUs) : new UnknownEventError(usageId, keptFromUs);
  }
}

const dayOf = (timeUs: number): string => new Date(timeUs / 1000).toISOString().slice(0, 10);
