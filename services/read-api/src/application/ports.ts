import { type EventPosition, type EventQuery } from './event-query.js';
import { type SummaryQuery } from './summary-query.js';

/** A field per name of the public API. */
export type EventView = Readonly<Record<string, unknown>>;
export type SummaryView = Readonly<Record<string, unknown>>;

export interface EventPage {
  events: EventView[];
  /** Where the next page begins; null on the last. */
  next: EventPosition | null;
}

export interface SummaryPage {
  rows: SummaryView[];
  /** True: there were more rows than the limit. */
  truncated: boolean;
}

/** What has been stored. Throws StoreUnavailableError. */
export interface UsageReader {
  find(usageId: string): Promise<EventView | null>;
  findQuarantined(usageId: string): Promise<EventView | null>;
  list(query: EventQuery): Promise<EventPage>;
  summarise(query: SummaryQuery): Promise<SummaryPage>;
}

/** How far a partition is in the store. */
export interface StoredPosition {
  sequence: number;
  recordedAtUs: number | null;
}

/** By partition; a partition nothing was stored of is missing. */
export interface StoredPositions {
  read(): Promise<ReadonlyMap<number, StoredPosition>>;
}

/** The last acknowledged message of each partition, read from its leader after the call. Rejects when the broker cannot answer. */
export interface AcknowledgedPositions {
  last(partition: number): Promise<number>;
}

export class StoreUnavailableError extends Error {
  readonly code = 'store_unavailable';

  constructor(cause: unknown) {
    super(`the store did not answer: ${cause instanceof Error ? cause.message : String(cause)}`, { cause });
    this.name = 'StoreUnavailableError';
  }
}
