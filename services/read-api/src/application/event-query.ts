import { QUANTITIES } from '@ledgerline/kernel';
import { boundTime, type BoundSql, Conditions } from './bound-sql.js';

/** A page of events, newest first by when they occurred. */
export interface EventQuery {
  customerId?: string;
  provider?: string;
  model?: string;
  projectId?: string;
  transactionId?: string;
  userId?: string;
  /** Every customer but this one. */
  exceptCustomerId?: string;
  status?: 'ok' | 'error';
  /** Occurred at or after. */
  fromUs?: number;
  /** Occurred before. */
  toUs?: number;
  /** The last event of the page before. */
  after?: EventPosition;
  /** Voided events too. */
  includeVoided?: boolean;
  /** Events to pass over, for answers that are not paged by a cursor. */
  skip?: number;
  limit: number;
}

/** Where an event stands in the order of lists. */
export interface EventPosition {
  occurredAtUs: number;
  usageId: string;
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
  'price_source',
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

/**
 * One row more than the limit, so that the caller knows whether there is another page.
 *
 * An event has one row that counts for each of its versions, and one that takes back each version but the present one. All of them agree
 * in everything but quantities, cost and status, so the inner query is narrowed by the same conditions but the status. A skip index finds
 * its rows (almost no part has any), and both queries read one snapshot of the table.
 */
export function eventsSQL(query: EventQuery): BoundSql {
  const event = identity(query);
  const net = `event_count > 0\n  AND (usage_id, version) NOT IN (SELECT usage_id, version FROM usage_events${identity(query).add('event_count < 0').toSQL(' ')})`;
  event.add(query.includeVoided ? `(${net}\n  OR event_count < 0 AND kind = 'voided')` : net);
  if (query.status !== undefined) event.add(`status = '${query.status}'`);
  return {
    sql: `SELECT ${FIELDS}\nFROM usage_events${event.toSQL()}\nORDER BY occurred_at DESC, usage_id DESC\nLIMIT {limit:UInt32}${query.skip ? ' OFFSET {skip:UInt32}' : ''}`,
    parameters: { ...event.parameters, limit: query.limit + 1, ...(query.skip ? { skip: query.skip } : {}) },
  };
}

/** Conditions on what corrections never change. */
function identity(query: EventQuery): Conditions {
  const where = new Conditions()
    .equals('customer_id', query.customerId)
    .equals('provider', query.provider)
    .equals('model', query.model)
    .equals('project_id', query.projectId)
    .equals('transaction_id', query.transactionId)
    .equals('user_id', query.userId);
  if (query.exceptCustomerId !== undefined) where.add('customer_id != {except_customer_id:String}', { except_customer_id: query.exceptCustomerId });
  if (query.fromUs !== undefined) where.add(`occurred_at >= ${boundTime('from')}`, { from: query.fromUs });
  if (query.toUs !== undefined) where.add(`occurred_at < ${boundTime('to')}`, { to: query.toUs });
  if (query.after !== undefined) {
    const time = boundTime('after_time');
    where.add(`occurred_at <= ${time}`, { after_time: query.after.occurredAtUs });
    where.add(`(occurred_at, usage_id) < (${time}, {after_id:UUID})`, { after_id: query.after.usageId });
  }
  return where;
}
