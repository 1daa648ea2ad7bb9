import { type HeldPlace, type QuarantineFilter, type QuarantineQuery } from './quarantine-query.js';
import { type HeldPosition } from '@ledgerline/contracts';

/** A field per name of the public API. */
export type HeldItemView = Readonly<Record<string, unknown>>;

export interface HeldItemPage {
  items: HeldItemView[];
  /** Where the next page begins; null on the last. */
  next: HeldPlace | null;
}

/** What was held back, and what became of it. Throws StoreUnavailableError. */
export interface QuarantineReader {
  find(position: HeldPosition): Promise<HeldItemView | null>;
  list(query: QuarantineQuery): Promise<HeldItemPage>;
  summarise(filter: QuarantineFilter): Promise<HeldItemView[]>;
}
