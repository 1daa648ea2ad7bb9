import { inputFunction, type NativeColumn } from '@ledgerline/clickhouse';
import { type Range } from '../application/plan-ranges.js';

/**
 * Adds the rows whose source message is not in the table yet. A source message's rows are inserted together or not at all, so its
 * presence is decided by any one of them.
 */
export function insertSql(columns: readonly NativeColumn[], range: Range, table = 'usage_events'): string {
  const names = columns.map(({ name }) => name).join(', ');
  return `INSERT INTO ${table} (${names})
SELECT ${names} FROM ${inputFunction(columns)}
WHERE (source_partition, source_sequence) NOT IN (SELECT source_partition, source_sequence FROM ${table} WHERE ${ofRange(range)})
FORMAT Native`;
}

/** Counts the rows of the range's source messages that are in the table. */
export function storedSql(range: Range, table = 'usage_events'): string {
  return `SELECT count() AS stored FROM ${table} WHERE ${ofRange(range)}`;
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
