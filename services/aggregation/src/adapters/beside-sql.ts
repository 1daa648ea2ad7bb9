import { QUANTITIES } from '@ledgerline/contracts';
import { type RowsCompared, type SourceSequences } from '../application/rebuild-rows.js';
import { BESIDE, IN_USE } from './usage-tables.js';

/** One place where the tables differ. `in_use` and `from_log` hold the numbers named by NUMBERS, as exact texts. */
export interface DifferenceRow {
  place: string;
  in_use: string[];
  from_log: string[];
  in_use_hash: string;
  from_log_hash: string;
}

const MOST_PLACES = 200;

/** Whole numbers are added up in 128 bits, so that none comes round. */
const SUMS: readonly (readonly [name: string, value: string])[] = [
  ['event_count', 'toInt64(event_count)'],
  ['unpriced_count', 'toInt64(unpriced_count)'],
  ['cost_usd', 'ifNull(cost_usd, 0)'],
  ...QUANTITIES.map(({ name, decimal }) => [name, decimal ? name : `toInt128(${name})`] as const),
];

/** The numbers that are compared, beside a hash over all columns of all rows. */
export const NUMBERS: readonly string[] = ['rows', ...SUMS.map(([name]) => name)];

/**
 * Customers' months in which the tables differ, in any number or in any column of any row. Both are read in one statement and told apart by
 * `side`. RowBinary tells NULL from every value, which hash functions over columns do not.
 */
export function differencesSql(generation: number, compared: RowsCompared): string {
  const part = (table: string, side: number): string => `
    SELECT ${side} AS side, *, cityHash64(formatRow('RowBinary', *)) AS content FROM ${table} WHERE ${within(generation, compared)} AND toYYYYMM(recorded_at) NOT IN (SELECT recorded_month FROM sealed_months)`;
  const numbers = (side: number): string => [`toString(countIf(side = ${side}))`, ...SUMS.map(([, value]) => `toString(sumIf(${value}, side = ${side}))`)].join(', ');
  return `
    SELECT concat('customer "', customer_id, '", ', formatDateTime(occurred_at, '%Y-%m') AS month, ', ', provider, '/', model, ', partition ', toString(source_partition)) AS place,
      [${numbers(0)}] AS in_use, [${numbers(1)}] AS from_log,
      toString(sumIf(content, side = 0)) AS in_use_hash, toString(sumIf(content, side = 1)) AS from_log_hash
    FROM (${part(IN_USE.events, 0)} UNION ALL ${part(BESIDE.events, 1)})
    GROUP BY customer_id, month, provider, model, source_partition
    HAVING in_use != from_log OR in_use_hash != from_log_hash
    ORDER BY place LIMIT ${MOST_PLACES}
    SETTINGS optimize_use_projections = 0`;
}

/** What tells an item of a table from another; bodies are texts for people, whose form may change with a version. */
const ITEM_COLUMNS = {
  quarantined: 'usage_id, outcome, code, source_sequence, source_index',
  corrections: 'usage_id, correction_id, kind, customer_id, outcome, code, requested_by, reason, requested_at, target, replaced_by, source_sequence, source_index',
} as const;

/** Partitions of which other items are kept. */
export function itemDifferencesSql(table: keyof typeof ITEM_COLUMNS, generation: number, compared: RowsCompared): string {
  const part = (name: string, side: number): string => `
    SELECT ${side} AS side, source_generation, source_partition, cityHash64(formatRow('RowBinary', ${ITEM_COLUMNS[table]})) AS content
    FROM ${name} FINAL WHERE ${within(generation, compared)}`;
  return `
    SELECT concat('${table}, generation ', toString(source_generation), ', partition ', toString(source_partition)) AS place,
      [toString(countIf(side = 0))] AS in_use, [toString(countIf(side = 1))] AS from_log,
      toString(sumIf(content, side = 0)) AS in_use_hash, toString(sumIf(content, side = 1)) AS from_log_hash
    FROM (${part(IN_USE[table], 0)} UNION ALL ${part(BESIDE[table], 1)})
    GROUP BY source_generation, source_partition
    HAVING in_use != from_log OR in_use_hash != from_log_hash
    ORDER BY place LIMIT ${MOST_PLACES}`;
}

function within(generation: number, { after, upTo }: RowsCompared): string {
  const current = `source_generation = ${generation} AND (${upToSql(upTo)})`;
  return after === undefined ? `(source_generation <> ${generation} OR (${current}))` : `(${current} AND NOT (${upToSql(after)}))`;
}

function upToSql(sequences: SourceSequences): string {
  const known = [...sequences].map(([partition, sequence]) => `(source_partition = ${partition} AND source_sequence <= ${sequence})`);
  return [...known, `source_partition NOT IN (${[...sequences.keys(), -1].join(', ')})`].join(' OR ');
}
