import { type Unpaged } from './bound-sql.js';
import { type EventQuery } from './event-query.js';
import { type EventView, type SummaryView } from './ports.js';
import { type QuarantineQuery } from './quarantine-query.js';
import { type HeldItemView } from './quarantine-reader.js';
import { type SummaryQuery } from './summary-query.js';

/** Rows as they come, some at a time. Breaks off with StoreUnavailableError; leaving it early ends the question. */
export type RowStream<View> = AsyncGenerator<View[], void>;

/** The same rows as the lists, in the same order, all of them, held nowhere as a whole. */
export interface Exports {
  events(query: Unpaged<EventQuery>): RowStream<EventView>;
  /** @throws HoursNotKeptError, StoreUnavailableError */
  summaries(query: Unpaged<SummaryQuery>): Promise<RowStream<SummaryView>>;
  heldItems(query: Unpaged<QuarantineQuery>): RowStream<HeldItemView>;
}
