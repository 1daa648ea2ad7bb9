import { QUANTITIES } from '@ledgerline/kernel';
import { boundTime, type BoundSql, Conditions } from './bound-sql.js';

/** A page of events, newest first by when they occurred. */
export interface EventQuery {
  customerId?: string;
  provider?: string;
  model?: string;
  projectId?: string;
  transactionId?: string;
  status?: 'ok' | 'error';
  /** Occurred at or after. */
  fromUs?: number;
  /** Occurred before. */
  toUs?: number;
  /** The last event of the page before. */
  after?: EventPosition;
  limit: number;
}

/** Where an event stands in the order of lists. */
export interface EventPosition {
  occurredAtUs: number;
  usageId: string;
}

const FIELDS = [
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
].join(', ');

/** One event by its address. */
export function eventByIdSQL(usageId: string): BoundSql {
  return { sql: `SELECT ${FIELDS}\nFROM usage_events\nWHERE usage_id = {usage_id:UUID}\n  AND kind = 'recorded'\nLIMIT 1`, parameters: { usage_id: usageId } };
}

/** Something that was not counted, by the address it would have had. */
export function quarantinedByIdSQL(usageId: string): BoundSql {
  return {
    sql: `SELECT usage_id, customer_id, outcome, code, detail, body, recorded_at\nFROM quarantined_items\nWHERE usage_id = {usage_id:UUID}\nORDER BY source_generation DESC, source_sequence DESC, source_index DESC\nLIMIT 1`,
    parameters: { usage_id: usageId },
  };
}

/** One row more than the limit, so that the caller knows whether there is another page. */
export function eventsSQL(query: EventQuery): BoundSql {
  const where = new Conditions()
    .add("kind = 'recorded'")
    .equals('customer_id', query.customerId)
    .equals('provider', query.provider)
    .equals('model', query.model)
    .equals('project_id', query.projectId)
    .equals('transaction_id', query.transactionId);
  if (query.status !== undefined) where.add(`status = '${query.status}'`);
  if (query.fromUs !== undefined) where.add(`occurred_at >= ${boundTime('from')}`, { from: query.fromUs });
  if (query.toUs !== undefined) where.add(`occurred_at < ${boundTime('to')}`, { to: query.toUs });
  if (query.after !== undefined) {
    const time = boundTime('after_time');
    where.add(`occurred_at <= ${time}`, { after_time: query.after.occurredAtUs });
    where.add(`(occurred_at, usage_id) < (${time}, {after_id:UUID})`, { after_id: query.after.usageId });
  }
  return {
    sql: `SELECT ${FIELDS}\nFROM usage_events${where.toSQL()}\nORDER BY occurred_at DESC, usage_id DESC\nLIMIT {limit:UInt32}`,
    parameters: { ...where.parameters, limit: query.limit + 1 },
  };
}
