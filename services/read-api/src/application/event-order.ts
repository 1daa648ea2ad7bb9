import { boundTime, type Conditions } from './bound-sql.js';
import { costSQL, type EventFilter } from './event-filter.js';

/** What events can be sorted by. */
export const SORT_FIELDS = ['occurred_at', 'recorded_at', 'cost_usd', 'latency_ms'] as const;
export type SortField = (typeof SORT_FIELDS)[number];

/** Equal values stand in the order of their usage_id, in the same direction; unknown values stand last in both. */
export interface EventOrder {
  field: SortField;
  descending: boolean;
}

export const NEWEST_FIRST: EventOrder = { field: 'occurred_at', descending: true };

/** Where an event stands in a list's order. */
export interface EventPlace {
  /** Of the field that is sorted by: microseconds since 1970, decimal text or a whole number; null when it is unknown. */
  value: string | null;
  usageId: string;
}

const BOUND: Record<SortField, string> = {
  occurred_at: boundTime('after_value'),
  recorded_at: boundTime('after_value'),
  cost_usd: '{after_value:Decimal(38, 12)}',
  latency_ms: '{after_value:UInt64}',
};

const isNullable = (field: SortField): boolean => field === 'cost_usd' || field === 'latency_ms';
const expressionOf = (field: SortField, filter: EventFilter): string => (field === 'cost_usd' ? costSQL(filter) : field);

/** `ORDER BY …` of a list. */
export function orderSQL({ field, descending }: EventOrder, filter: EventFilter): string {
  const direction = descending ? 'DESC' : 'ASC';
  return `ORDER BY ${expressionOf(field, filter)} ${direction}${isNullable(field) ? ' NULLS LAST' : ''}, usage_id ${direction}`;
}

/** Adds that an event stands behind a place of the order. */
export function addBehind(where: Conditions, { field, descending }: EventOrder, filter: EventFilter, { value, usageId }: EventPlace): void {
  const than = descending ? '<' : '>';
  const column = expressionOf(field, filter);
  const sameButLater = `usage_id ${than} {after_id:UUID}`;
  if (value === null) {
    where.add(`${column} IS NULL AND ${sameButLater}`, { after_id: usageId });
    return;
  }
  const after = { after_value: value, after_id: usageId };
  if (isNullable(field)) where.add(`(${column} ${than} ${BOUND[field]} OR ${column} = ${BOUND[field]} AND ${sameButLater} OR ${column} IS NULL)`, after);
  // The first condition says nothing more, but the primary key understands it.
  else where.add(`${column} ${than}= ${BOUND[field]}`).add(`(${column}, usage_id) ${than} (${BOUND[field]}, {after_id:UUID})`, after);
}
