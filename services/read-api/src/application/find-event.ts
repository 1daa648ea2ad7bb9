import { type Absence } from './absence.js';
import { type EventRow, type EventScope, type EventView, type UsageReader } from './ports.js';
import { presentEvent } from './present-event.js';
import { type ReadOwnWrites } from './read-own-writes.js';

/** Which event, whose, and when it was recorded or occurred if the caller knows (microseconds since 1970). */
export interface EventQuestion {
  usageId: string;
  scope: EventScope;
  saidUs?: number;
}

/** They say nothing of an event that counts. */
const OF_HELD_ITEMS: ReadonlySet<string> = new Set(['discard', 'release']);

/** One event as it is now, by its address, own writes included: "not found" is only ever said of what was not acknowledged. */
export class FindEvent {
  constructor(
    private readonly reader: UsageReader,
    private readonly ownWrites: ReadOwnWrites,
    private readonly absence: Absence,
  ) {}

  /** @throws UnknownEventError, PastRetentionError, NotVisibleYetError, StoreUnavailableError */
  async find({ usageId, scope, saidUs }: EventQuestion): Promise<EventView> {
    const found = await this.ownWrites.read(usageId, async () => {
      const rows = await this.reader.rows(usageId, scope);
      if (rows.length > 0) return this.present(usageId, scope, rows);
      return this.reader.findQuarantined(usageId, scope);
    });
    if (found !== null) return found;
    const corrections = await this.reader.corrections(usageId, scope);
    throw await this.absence.explain(usageId, { saidUs, corrected: corrections.some(({ outcome, kind }) => outcome === 'applied' && !OF_HELD_ITEMS.has(kind)) });
  }

  private async present(usageId: string, scope: EventScope, rows: readonly EventRow[]): Promise<EventView> {
    const event = presentEvent(rows)!;
    if (event['state'] !== 'voided') return event;
    const voids = (await this.reader.corrections(usageId, scope)).filter(({ correctionId }) => rows.some((row) => row.kind === 'voided' && row.correctionId === correctionId));
    const link = voids.find(({ replacedBy }) => replacedBy !== null);
    return link ? { ...event, replaced_by: link.replacedBy } : event;
  }
}
