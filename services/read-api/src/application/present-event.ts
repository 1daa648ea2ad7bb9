import { type EventRow, type EventView } from './ports.js';

/**
 * What an event is now: the row of the version that is not taken back; when every version is, it was voided.
 *
 * @param rows all rows of one event, in the order of the log
 */
export function presentEvent(rows: readonly EventRow[]): EventView | null {
  const newest = rows.at(-1);
  if (newest === undefined) return null;
  const takenBack = new Set(rows.filter(({ eventCount }) => eventCount < 0).map(({ version }) => version));
  const live = rows.findLast(({ eventCount, version }) => eventCount > 0 && !takenBack.has(version));
  return rowView(live ?? newest);
}

/** A row that nothing takes back, as the API shows it: an event, one that a void has ended, or a credit. */
export function rowView({ event, version, eventCount }: EventRow): EventView {
  if (eventCount > 0) return version === 0 ? { ...event, version } : { ...event, version, corrected: true };
  if (eventCount === 0) return { ...event, state: 'credited', usage: {} };
  return { ...event, state: 'voided', usage: {}, cost_usd: '0', price_book_version: undefined, price_source: undefined, version: version + 1, corrected: true };
}
