import { type Absence } from './absence.js';
import { eventHistory } from './event-history.js';
import { type EventQuestion } from './find-event.js';
import { type EventView, type UsageReader } from './ports.js';
import { type ReadOwnWrites } from './read-own-writes.js';

export interface EventHistory {
  entries: EventView[];
  /** Events that were voided in favour of this one. */
  replaces: string[];
}

/** Everything that happened to one event, own writes included. */
export class FindHistory {
  constructor(
    private readonly reader: UsageReader,
    private readonly ownWrites: ReadOwnWrites,
    private readonly absence: Absence,
  ) {}

  /** @throws UnknownEventError, PastRetentionError, NotVisibleYetError, StoreUnavailableError */
  async find({ usageId, scope, saidUs }: EventQuestion): Promise<EventHistory> {
    const found = await this.ownWrites.read(usageId, async () => {
      const [rows, corrections] = await Promise.all([this.reader.rows(usageId, scope), this.reader.corrections(usageId, scope)]);
      // Corrections that found nothing to correct make no event of what was never one.
      const seen = rows.length > 0 || corrections.some(({ outcome }) => outcome === 'applied' || outcome === 'parked');
      return seen ? { entries: eventHistory(rows, corrections), replaces: await this.reader.replaced(usageId, scope) } : null;
    });
    if (found !== null) return found;
    throw await this.absence.explain(usageId, { saidUs, corrected: false });
  }
}
