import { inputFunction, type NativeColumn } from '@ledgerline/clickhouse';
import { type Range } from '../application/plan-ranges.js';

/**
 * Adds the rows whose source message is not in the table yet. A source message's rows are inserted together or not at all, so its
 * presence is decided by any one of them. Rows of a sealed month are counted in its summaries and may be gone from the table: none is added.
 */
export function insertSql(columns: readonly NativeColumn[], range: Range, table = 'usage_events'): string {
  const names = columns.map(({ name }) => name).join(', ');
  return `INSERT INTO ${table} (${names})
SELECT ${names} FROM ${inputFunction(columns)}
WHERE (source_partition, source_sequence) NOT IN (SELECT source_partition, source_sequence FROM ${table} WHERE ${ofRange(range)})
  AND toYYYYMM(recorded_at) NOT IN (SELECT recorded_month FROM sealed_months)
FORMAT Native`;
}

/** Counts the rows of the range's source messages that are in the table, and how many of its partitions are sealed to beyond it. */
export function storedSql(range: Range, table = 'usage_events'): string {
  const sealed = [...range.sources].map(([partition, { to }]) => `(source_partition = ${partition} AND source_to >= ${to})`);
  return `SELECT
   (SELECT count() FROM ${table} WHERE ${ofRange(range)}) AS stored,
   (SELECT uniqExact(source_partition) FROM sealed_partitions WHERE recorded_month = ${range.month} AND source_generation = ${range.generation}
     AND seal IN (SELECT seal FROM sealed_months WHERE recorded_month = ${range.month}) AND (${sealed.join(' OR ')})) AS sealed_partitions`;
}

/**
 * Rows of the range's source messages. The time of recording comes with the source position, so it narrows the search to the few
 * newest parts without changing what is found; the positions are then found by their minmax index.
 */
function ofRange({ generation, sources, recordedFromUs, recordedToUs }: Range): string {
  const spans = [...sources].map(([partition, { from, to }]) => `(source_partition = ${partition} AND source_sequence BETWEEN ${from} AND ${to})`);
  return `recorded_at BETWEEN ${time(recordedFromUs)} AND ${time(recordedToUs)} AND source_generation = ${generation} AND (${spans.join(' OR ')})`;
}

const time = (timeUs: number): string => `fromUnixTimestamp64Micro(${timeUs}, 'UTC')`;
