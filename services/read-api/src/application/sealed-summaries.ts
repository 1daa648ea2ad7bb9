import { QUANTITIES } from '@ledgerline/kernel';
import { boundTime, type BoundSql, type Unpaged } from './bound-sql.js';
import { rangeWithPrevious } from './summary-comparison.js';
import { answerSQL, type Grouping, groupSQL, rowSumsSQL, summaryConditions, type SummaryQuery } from './summary-query.js';

/** A recorded month that is kept as sums of whole days. */
export interface SealedMonth {
  /** yyyymm */
  month: number;
  seal: string;
  /** Its rows are gone; until then they must be left out. */
  dropped: boolean;
}

/** The question needs hours of days of which only whole ones are kept. */
export class HoursNotKeptError extends Error {
  readonly code = 'hours_not_kept';

  constructor(day: string) {
    super(`Usage of ${day} is kept as sums of whole days: group by day or month, with from and to at midnight UTC.`);
    this.name = 'HoursNotKeptError';
  }
}

/** Every sealed month; a month is read from the one seal that is first by its id. */
export const SEALED_MONTHS_SQL = 'SELECT recorded_month AS month, toString(min(seal)) AS seal, max(dropped) AS is_dropped FROM sealed_months GROUP BY recorded_month ORDER BY recorded_month';

const DAY_US = 24 * 60 * 60 * 1_000_000;
const day = (name: string): string => `toDate32(${boundTime(name)}, 'UTC')`;
const isWholeDay = (timeUs: number | undefined): boolean => timeUs === undefined || timeUs % DAY_US === 0;

/** Groupings of a row of sealed summaries; an hour is never asked of them. */
const EXPRESSIONS: Record<Grouping, string> = {
  customer: 'customer_id',
  project: 'project_id',
  provider: 'provider',
  model: 'model',
  operation: 'operation',
  hour: "''",
  day: "formatDateTime(occurred_day, '%Y-%m-%d')",
  month: "formatDateTime(occurred_day, '%Y-%m')",
};

const TOTALS: readonly (readonly [string, string])[] = [
  ['total_events', 'event_count'],
  ['total_unpriced', 'unpriced_count'],
  ['total_cost', 'cost_usd'],
  ...QUANTITIES.map(({ name }) => [`total_${name}`, name] as const),
];

/** `(recorded_month, seal) IN (…)`; both come from the store itself, not from a request. */
const underSeal = (sealed: readonly SealedMonth[]): string => `(recorded_month, seal) IN (${sealed.map(({ month, seal }) => `(${month}, toUUID('${seal}'))`).join(', ')})`;

/** Finds a day of which the question needs a part, where only the whole is kept; null when it needs whole days only. */
export function tooFineSQL(asked: Unpaged<SummaryQuery>, sealed: readonly SealedMonth[]): BoundSql | null {
  const query = rangeWithPrevious(asked);
  const { fromUs, toUs } = query;
  const byHour = query.groupBy.includes('hour');
  if (!byHour && isWholeDay(fromUs) && isWholeDay(toUs)) return null;
  const where = summaryConditions(query).add(underSeal(sealed));
  if (fromUs !== undefined) where.add(`occurred_day >= ${day('from')}`, { from: fromUs });
  if (toUs !== undefined) where.add(`occurred_day <= toDate32(${boundTime('to')} - INTERVAL 1 MICROSECOND, 'UTC')`, { to: toUs });
  const parts = [...(isWholeDay(fromUs) ? [] : [`occurred_day = ${day('from')}`]), ...(isWholeDay(toUs) ? [] : [`occurred_day = ${day('to')}`])];
  if (!byHour) where.add(`(${parts.join(' OR ')})`);
  return { sql: `SELECT toString(occurred_day) AS day\nFROM sealed_summaries${where.toSQL()}\nLIMIT 1`, parameters: where.parameters };
}

/** Sums over the rows and the sealed months together. The rows are still answered from their projection once sealed rows are dropped. */
export function unionSQL(asked: Unpaged<SummaryQuery>, sealed: readonly SealedMonth[]): BoundSql {
  const query = rangeWithPrevious(asked);
  const rows = rowSumsSQL(query, sealed.filter(({ dropped }) => !dropped).map(({ month }) => month));
  const days = sealedSumsSQL(query, sealed);
  const outer = [...query.groupBy.map((grouping) => `group_${grouping}`), ...TOTALS.map(([total]) => `sum(s.${total}) AS ${total}`)].join(',\n  ');
  return answerSQL(asked, {
    sql: `SELECT\n  ${outer}\nFROM (\n${rows.sql}\nUNION ALL\n${days.sql}\n) AS s${groupSQL(query)}`,
    parameters: { ...rows.parameters, ...days.parameters },
  });
}

function sealedSumsSQL(query: Unpaged<SummaryQuery>, sealed: readonly SealedMonth[]): BoundSql {
  const where = summaryConditions(query).add(underSeal(sealed));
  if (query.fromUs !== undefined) where.add(`occurred_day >= ${day('from')}`, { from: query.fromUs });
  if (query.toUs !== undefined) where.add(`occurred_day < ${day('to')}`, { to: query.toUs });
  const keys = query.groupBy.map((grouping) => `${EXPRESSIONS[grouping]} AS group_${grouping}`);
  const sums = TOTALS.map(([total, column]) => `sum(${column}) AS ${total}`);
  return { sql: `SELECT\n  ${[...keys, ...sums].join(',\n  ')}\nFROM sealed_summaries${where.toSQL()}${groupSQL(query)}`, parameters: where.parameters };
}
