import { QUANTITIES } from '@ledgerline/kernel';
import { type BoundSql, type Conditions, type Unpaged } from './bound-sql.js';
import { addPresent, type EventFilter, identityConditions } from './event-filter.js';
import { addBehind, type EventOrder, type EventPlace, NEWEST_FIRST, orderSQL } from './event-order.js';

/** A page of events, newest first by when they occurred unless told. */
export interface EventQuery extends EventFilter {
  order?: EventOrder;
  /** The last event of the page before. */
  after?: EventPlace;
  /** Events to pass over, for answers that are not paged by a cursor. */
  skip?: number;
  limit: number;
}

/** What a row says, and which state of its event it adds or takes back. */
export const FIELDS = [
  'usage_id',
  'id',
  'source',
  'customer_id',
  'project_id',
  'user_id',
  'provider',
  'model',
  'operation',
  'endpoint',
  'context',
  'transaction_id',
  'service_tier',
  'status',
  'error_code',
  'latency_ms',
  'tags',
  'request_metadata',
  'response_metadata',
  'api_key_id',
  'client_cost_usd',
  'cost_usd',
  'price_book_version',
  'usage_mask',
  ...QUANTITIES.map(({ name }) => name),
  'occurred_at',
  'recorded_at',
  'kind',
  'version',
  'correction_id',
  'event_count',
  'source_generation',
  'source_partition',
  'source_sequence',
  'source_index',
].join(', ');

/** One row more than the limit, so that the caller knows whether there is another page. */
export function eventsSQL(query: EventQuery): BoundSql {
  const { sql, parameters } = allEventsSQL({ ...query, limit: query.limit + 1 });
  return query.skip ? { sql: `${sql} OFFSET {skip:UInt32}`, parameters: { ...parameters, skip: query.skip } } : { sql, parameters };
}

/**
 * All of them, or the first so many.
 *
 * An event has one row that counts for each of its versions, and one that takes back each version but the present one. All of them agree
 * in everything but quantities, cost, status and when they were recorded, so the inner query is narrowed by the same conditions but these.
 * A skip index finds its rows (almost no part has any), and both queries read one snapshot of the table.
 */
export function allEventsSQL(query: Unpaged<EventQuery>): BoundSql {
  const { order = NEWEST_FIRST, after, limit } = query;
  // A time of occurrence never changes: the place narrows both queries.
  const identity = (): Conditions => {
    const where = identityConditions(query);
    if (after !== undefined && order.field === 'occurred_at') addBehind(where, order, query, after);
    return where;
  };
  const where = identity();
  addPresent(where, query, identity());
  if (after !== undefined && order.field !== 'occurred_at') addBehind(where, order, query, after);
  return { sql: `SELECT ${FIELDS}\nFROM usage_events${where.toSQL()}\n${orderSQL(order, query)}${limit === undefined ? '' : '\nLIMIT {limit:UInt32}'}`, parameters: { ...where.parameters, ...(limit === undefined ? {} : { limit }) } };
}
