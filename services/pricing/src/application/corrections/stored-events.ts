import { type CountedEvent } from './event-record.js';

/** Counted events that the log does not hold any more, as the stored rows have them. Rejects when the store cannot answer. */
export interface StoredEvents {
  /** The event's present state, or null when no row of it is stored. */
  find(usageId: string): Promise<CountedEvent | null>;
  /** Everything recorded since then is stored, microseconds since 1970; 0: since ever. */
  completeSinceUs(): Promise<number>;
}
