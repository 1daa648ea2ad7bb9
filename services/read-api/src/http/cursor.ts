import { createHash } from 'node:crypto';
import { type EventFilter } from '../application/event-filter.js';
import { type EventOrder, type EventPlace, SORT_FIELDS, type SortField } from '../application/event-order.js';

/** A place in a list of events, and of which list. */
export interface EventCursor {
  order: EventOrder;
  /** Of the list's filters. */
  filters: string;
  place: EventPlace;
}

const UUID = '[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}';
const CONTENT = new RegExp(`^(-?)([a-z_]+) (\\S+) (${UUID}) ([0-9a-f]{16})$`);
const UNKNOWN = 'null';
const VALUES: Record<SortField, RegExp> = { occurred_at: /^\d{1,16}$/, recorded_at: /^\d{1,16}$/, cost_usd: /^(-?\d{1,26}(\.\d{1,12})?|null)$/, latency_ms: /^(\d{1,18}|null)$/ };

/** How a list's order is written: a field, and `-` before it where the greatest comes first. */
export const writeOrder = ({ field, descending }: EventOrder): string => `${descending ? '-' : ''}${field}`;

/** A place as an opaque text that fits a URL. */
export function writeCursor({ order, filters, place }: EventCursor): string {
  return Buffer.from(`${writeOrder(order)} ${place.value ?? UNKNOWN} ${place.usageId} ${filters}`).toString('base64url');
}

/** The place, or null for a text that no answer of ours contained. */
export function readCursor(text: string): EventCursor | null {
  const [, minus, field, value, usageId, filters] = CONTENT.exec(Buffer.from(text, 'base64url').toString('latin1')) ?? [];
  if (!SORT_FIELDS.includes(field as SortField) || !VALUES[field as SortField].test(value!)) return null;
  return { order: { field: field as SortField, descending: minus === '-' }, filters: filters!, place: { value: value === UNKNOWN ? null : value!, usageId: usageId! } };
}

/** What tells the filters of one list from those of another, in 64 bits. */
export function filtersOf(filter: EventFilter): string {
  const told = Object.entries(filter).filter(([, value]) => value !== undefined).sort(([a], [b]) => (a < b ? -1 : 1));
  return createHash('sha256').update(JSON.stringify(told)).digest('hex').slice(0, 16);
}
