import { type BoundSql, type Unpaged } from './bound-sql.js';
import { type Grouping, type SummaryQuery } from './summary-query.js';

/** A period of time that rows are told apart by. */
interface Period {
  /** As rows name it. */
  nameOf(timeUs: number): string;
  /** The beginning of the period that a time lies in, and of the one before. Microseconds since 1970. */
  start(timeUs: number): number;
  before(startUs: number): number;
  /** Its number, from its name: one more than that of the period before. */
  number: string;
}

const HOUR_US = 3_600_000_000;
const DAY_US = 24 * HOUR_US;
const iso = (timeUs: number): string => new Date(timeUs / 1000).toISOString();

const PERIODS: Partial<Record<Grouping, Period>> = {
  hour: {
    nameOf: (timeUs) => `${iso(timeUs).slice(0, 13)}:00:00Z`,
    start: (timeUs) => timeUs - (timeUs % HOUR_US),
    before: (startUs) => startUs - HOUR_US,
    number: "toInt64(intDiv(toUnixTimestamp(parseDateTimeBestEffort(group_hour, 'UTC')), 3600))",
  },
  day: {
    nameOf: (timeUs) => iso(timeUs).slice(0, 10),
    start: (timeUs) => timeUs - (timeUs % DAY_US),
    before: (startUs) => startUs - DAY_US,
    number: 'toInt64(toDate32(group_day))',
  },
  month: {
    nameOf: (timeUs) => iso(timeUs).slice(0, 7),
    start: (timeUs) => Date.parse(`${iso(timeUs).slice(0, 7)}-01T00:00:00Z`) * 1000,
    before: (startUs) => Date.parse(`${iso(startUs - DAY_US).slice(0, 7)}-01T00:00:00Z`) * 1000,
    number: 'toInt64(toUInt16(substring(group_month, 1, 4))) * 12 + toUInt8(substring(group_month, 6, 2))',
  },
};

/** The one period that rows are told apart by; undefined when there is none, or more than one. */
export function periodOf(groupBy: readonly Grouping[]): Grouping | undefined {
  const [period, ...others] = groupBy.filter((grouping) => grouping in PERIODS);
  return others.length === 0 ? period : undefined;
}

/** Whether a time is the beginning of a period. */
export const beginsPeriod = (period: Grouping, timeUs: number): boolean => PERIODS[period]!.start(timeUs) === timeUs;

/** The same question, reaching back one period further where the answer compares with it. */
export function rangeWithPrevious<Query extends Unpaged<SummaryQuery>>(query: Query): Query {
  if (!query.comparePrevious || query.fromUs === undefined) return query;
  return { ...query, fromUs: PERIODS[periodOf(query.groupBy)!]!.before(query.fromUs) };
}

/** Groups with what they had in the period before: nothing, where there is no such group. */
export function comparisonSQL({ groupBy, fromUs }: Unpaged<SummaryQuery>, groups: BoundSql): BoundSql {
  const grouping = periodOf(groupBy)!;
  const period = PERIODS[grouping]!;
  const others = groupBy.filter((one) => one !== grouping).map((one) => `group_${one}`);
  const previous = ['events', 'unpriced', 'cost'].map((sum) => `any(total_${sum}) OVER previous AS previous_${sum}`).join(', ');
  const partition = others.length === 0 ? '' : `PARTITION BY ${others.join(', ')} `;
  const sql = `SELECT * FROM (
SELECT *, ${previous}
FROM (
${groups.sql}
) AS g
WINDOW previous AS (${partition}ORDER BY ${period.number} RANGE BETWEEN 1 PRECEDING AND 1 PRECEDING)
) AS c`;
  return fromUs === undefined ? { sql, parameters: groups.parameters } : { sql: `${sql}\nWHERE group_${grouping} >= {first_period:String}`, parameters: { ...groups.parameters, first_period: period.nameOf(fromUs) } };
}
