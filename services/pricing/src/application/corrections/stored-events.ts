import { type CountedEvent } from './event-record.js';

/** An event by its address, with whose it is: that narrows where its row can be. */
export interface StoredIdentity {
  usageId: string;
  customerId: string;
}

/** Counted events that the log or the index does not hold any more, as the stored rows have them. Rejects when the store cannot answer. */
export interface StoredEvents {
  /** The event as it was recorded, or null when its row is not stored. */
  find(usageId: string): Promise<CountedEvent | null>;
  /** Those of many that are stored, as they were recorded, by usage_id. */
  findAll(identities: readonly StoredIdentity[]): Promise<Map<string, CountedEvent>>;
  /** The rows of everything recorded since then are stored, microseconds since 1970; 0: since ever. */
  completeSinceUs(): Promise<number>;
}
