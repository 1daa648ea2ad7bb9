import { QUANTITIES } from '@ledgerline/kernel';
import { boundTime, type BoundSql, Conditions, type Unpaged } from './bound-sql.js';
import { comparisonSQL, rangeWithPrevious } from './summary-comparison.js';
import { type SummaryOrder, summaryOrderSQL } from './summary-order.js';

/** What rows of a summary can be told apart by. */
export const GROUPINGS = ['customer', 'project', 'provider', 'model', 'operation', 'hour', 'day', 'month'] as const;
export type Grouping = (typeof GROUPINGS)[number];

/** What is summed. Without dates: of all time. */
export interface SummaryFilter {
  customerId?: string;
  /** Every customer but this one. */
  exceptCustomerId?: string;
  projectId?: string;
  provider?: string;
  model?: string;
  operation?: string;
  /** Occurred at or after. */
  fromUs?: number;
  /** Occurred before. */
  toUs?: number;
}

/** Sums of usage. Without groupings: one row, also when there is nothing to sum. */
export interface SummaryQuery extends SummaryFilter {
  groupBy: readonly Grouping[];
  /** By the groups, in the order given, unless told. */
  order?: SummaryOrder;
  /** Each row also says what its group had in the period before; one grouping has to be of time, and `fromUs` the beginning of a period. */
  comparePrevious?: boolean;
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

/** The conditions of a summary, but for time. */
export function summaryConditions(query: SummaryFilter): Conditions {
  const where = new Conditions()
    .equals('customer_id', query.customerId)
    .equals('project_id', query.projectId)
    .equals('provider', query.provider)
    .equals('model', query.model)
    .equals('operation', query.operation);
  return query.exceptCustomerId === undefined ? where : where.add('customer_id != {except_customer_id:String}', { except_customer_id: query.exceptCustomerId });
}

/** `GROUP BY …` by the names of an answer, or nothing. */
export function groupSQL({ groupBy }: Pick<SummaryQuery, 'groupBy'>): string {
  return groupBy.length === 0 ? '' : `\nGROUP BY ${namesOf(groupBy)}`;
}

/**
 * Which groups are answered, in which order, and how many.
 * @param sums the sums of every group, over `rangeWithPrevious(query)`
 */
export function answerSQL(query: Unpaged<SummaryQuery>, sums: BoundSql): BoundSql {
  const { groupBy, limit } = query;
  if (groupBy.length === 0) return sums;
  const groups = { sql: `${sums.sql}\nHAVING ${SOMETHING}`, parameters: sums.parameters };
  const answered = query.comparePrevious ? comparisonSQL(query, groups) : groups;
  const sql = `${answered.sql}\n${summaryOrderSQL(query.order, groupBy)}`;
  return limit === undefined ? { ...answered, sql } : { sql: `${sql}\nLIMIT {limit:UInt32}`, parameters: { ...answered.parameters, limit } };
}

/**
 * The sums of every group over usage_events. Bounds on quarters of an hour are answered from the table's projection, others from the
 * rows themselves: the same sums, only slower.
 * @param withoutMonths recorded months (yyyymm) whose rows are left out; any makes it slower, too
 */
export function rowSumsSQL(query: Unpaged<SummaryQuery>, withoutMonths: readonly number[] = []): BoundSql {
  const aligned = [query.fromUs, query.toUs].every((time) => time === undefined || time % QUARTER_HOUR_US === 0);
  const time = aligned ? SLOT : 'occurred_at';
  const where = summaryConditions(query);
  if (withoutMonths.length > 0) where.add(`toYYYYMM(recorded_at) NOT IN (${withoutMonths.join(', ')})`);
  if (query.fromUs !== undefined) where.add(`${time} >= ${boundTime('from')}`, { from: query.fromUs });
  if (query.toUs !== undefined) where.add(`${time} < ${boundTime('to')}`, { to: query.toUs });
  const keys = query.groupBy.map((grouping) => `${COLUMNS[grouping].expression(time)} AS group_${grouping}`);
  return { sql: `SELECT\n  ${[...keys, SUMS].join(',\n  ')}\nFROM usage_events${where.toSQL()}${groupSQL(query)}`, parameters: where.parameters };
}

/** A summary of what is kept as rows. */
export const summariesSQL = (query: Unpaged<SummaryQuery>): BoundSql => answerSQL(query, rowSumsSQL(rangeWithPrevious(query)));

const namesOf = (groupBy: readonly Grouping[]): string => groupBy.map((grouping) => `group_${grouping}`).join(', ');
