import { QUANTITIES } from '@ledgerline/kernel';
import { boundTime, type BoundSql, Conditions } from './bound-sql.js';

/** What rows of a summary can be told apart by. */
export const GROUPINGS = ['customer', 'project', 'provider', 'model', 'operation', 'hour', 'day', 'month'] as const;
export type Grouping = (typeof GROUPINGS)[number];

/** Sums of usage. Without dates: of all time. Without groupings: one row, also when there is nothing to sum. */
export interface SummaryQuery {
  customerId?: string;
  projectId?: string;
  provider?: string;
  model?: string;
  operation?: string;
  /** Occurred at or after. */
  fromUs?: number;
  /** Occurred before. */
  toUs?: number;
  groupBy: readonly Grouping[];
  limit: number;
}

const QUARTER_HOUR_US = 15 * 60 * 1_000_000;

/** How the quarter of an hour is written in the projection; word for word, or the projection is not used. */
const SLOT = 'toStartOfFifteenMinutes(occurred_at)';

const COLUMNS: Record<Grouping, { name: string; expression: (time: string) => string }> = {
  customer: { name: 'customer_id', expression: () => 'customer_id' },
  project: { name: 'project_id', expression: () => 'project_id' },
  provider: { name: 'provider', expression: () => 'provider' },
  model: { name: 'model', expression: () => 'model' },
  operation: { name: 'operation', expression: () => 'operation' },
  hour: { name: 'hour', expression: (time) => `formatDateTime(toStartOfHour(${time}), '%Y-%m-%dT%H:00:00Z', 'UTC')` },
  day: { name: 'day', expression: (time) => `formatDateTime(toStartOfDay(${time}), '%Y-%m-%d', 'UTC')` },
  month: { name: 'month', expression: (time) => `formatDateTime(toStartOfDay(${time}), '%Y-%m', 'UTC')` },
};

/** The name a grouping has in an answer. */
export const columnOf = (grouping: Grouping): string => COLUMNS[grouping].name;

const SUMS = [
  'sum(event_count) AS total_events',
  'sum(unpriced_count) AS total_unpriced',
  'sum(cost_usd) AS total_cost',
  ...QUANTITIES.map(({ name, decimal }) => `${decimal ? `sum(${name})` : `sum(toInt128(${name}))`} AS total_${name}`),
].join(',\n  ');

/** A group whose events were all voided is as if they had never happened. */
const SOMETHING = 'total_events != 0 OR ifNull(total_cost, 0) != 0';

/**
 * Sums over usage_events. Bounds on quarters of an hour are answered from the table's projection, others from the rows themselves:
 * the same sums, only slower.
 */
export function summariesSQL(query: SummaryQuery): BoundSql {
  const aligned = [query.fromUs, query.toUs].every((time) => time === undefined || time % QUARTER_HOUR_US === 0);
  const time = aligned ? SLOT : 'occurred_at';
  const where = new Conditions()
    .equals('customer_id', query.customerId)
    .equals('project_id', query.projectId)
    .equals('provider', query.provider)
    .equals('model', query.model)
    .equals('operation', query.operation);
  if (query.fromUs !== undefined) where.add(`${time} >= ${boundTime('from')}`, { from: query.fromUs });
  if (query.toUs !== undefined) where.add(`${time} < ${boundTime('to')}`, { to: query.toUs });
  const keys = query.groupBy.map((grouping) => `${COLUMNS[grouping].expression(time)} AS group_${grouping}`);
  const names = query.groupBy.map((grouping) => `group_${grouping}`).join(', ');
  const tail = names === '' ? '' : `\nGROUP BY ${names}\nHAVING ${SOMETHING}\nORDER BY ${names}\nLIMIT {limit:UInt32}`;
  return {
    sql: `SELECT\n  ${[...keys, SUMS].join(',\n  ')}\nFROM usage_events${where.toSQL()}${tail}`,
    parameters: { ...where.parameters, ...(names === '' ? {} : { limit: query.limit + 1 }) },
  };
}
