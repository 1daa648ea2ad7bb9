import { type ClickHouseClient } from '@ledgerline/clickhouse';
import { parseScaled, USD_SCALE } from '@ledgerline/kernel';
import { QUANTITIES } from '@ledgerline/contracts';
import { type SealedRows, type StoredPartition } from '../facts.js';
import { ROW_HASH_SQL } from '../row-hash.js';
import { type SealedMonths, type Sequences, type SourceRange } from '../sources.js';
import { isZero, noSums, type Sums } from '../sums.js';
import { keyText } from '../usage-key.js';

type SumsRow = Record<string, string>;
type KeyRow = SumsRow & { customer: string; month: string; provider: string; model: string };
type PartRow = KeyRow & { part: 'rows' | 'sealed' | 'beyond' };

/** A sum of Int64 is taken modulo 2^64 by the server; as Int128 it cannot come round. */
const EXACT_SUMS = [
  'toString(sum(toInt64(event_count))) AS events',
  'toString(sum(toInt64(unpriced_count))) AS unpriced',
  'toString(ifNull(sum(cost_usd), 0)) AS cost',
  ...QUANTITIES.map(({ name, decimal }, index) => `toString(sum(${decimal ? name : `toInt128(${name})`})) AS q${index}`),
].join(', ');

/** The same columns as the table's projection answers them; other expressions would be computed from the rows. */
const PROJECTED_SUMS = [
  'toString(sum(event_count)) AS events',
  'toString(sum(unpriced_count)) AS unpriced',
  'toString(ifNull(sum(cost_usd), 0)) AS cost',
  ...QUANTITIES.map(({ name, decimal }, index) => `toString(sum(${decimal ? name : `toInt128(${name})`})) AS q${index}`),
].join(', ');

const SEALED_SUMS = [
  'toString(sum(event_count)) AS events',
  'toString(sum(unpriced_count)) AS unpriced',
  'toString(ifNull(sum(cost_usd), 0)) AS cost',
  ...QUANTITIES.map(({ name }, index) => `toString(sum(${name})) AS q${index}`),
].join(', ');

/**
 * What ClickHouse holds of every partition's range, from the rows themselves.
 *
 * The conditions are such that the minmax index over partition and sequence can pass over what lies before a range.
 * @param strays also rows of partitions that are not in `ranges`
 */
export async function readStoredPartitions(client: ClickHouseClient, generation: number, ranges: ReadonlyMap<number, SourceRange>, strays: boolean, sinceUs: number): Promise<Map<number, StoredPartition>> {
  const within = [...ranges].map(([partition, { after, to }]) => `(source_partition = ${partition} AND source_sequence > ${after} AND source_sequence <= ${to})`);
  if (strays) within.push(`source_partition NOT IN (${[...ranges.keys(), -1].join(', ')})`);
  const [first, second] = ROW_HASH_SQL;
  const rows = await select<SumsRow>(
    client,
    `SELECT toString(source_partition) AS partition, ${EXACT_SUMS}, toString(${first}) AS first, toString(${second}) AS second,
       toString(count()) AS rows, toString(countIf(kind = 'recorded')) AS originals, toString(uniqExactIf(usage_id, kind = 'recorded')) AS uniques
     FROM usage_events WHERE source_generation = ${generation} AND recorded_at >= fromUnixTimestamp64Micro(${sinceUs}, 'UTC') AND (${within.join(' OR ')}) GROUP BY source_partition
     SETTINGS optimize_use_projections = 0`,
  );
  return new Map(
    rows.map((row) => [
      Number(row.partition),
      {
        sums: toSums(row),
        rows: BigInt(row.rows!),
        originals: BigInt(row.originals!),
        uniqueOriginals: BigInt(row.uniques!),
        rowHash: { first: BigInt(row.first!), second: BigInt(row.second!) },
      },
    ]),
  );
}

/** By partition, the identities of the recorded rows of a generation up to a USAGE sequence, and of all before it: an event counts in one of them. */
export async function readUniqueOriginals(client: ClickHouseClient, generation: number, sourceTo: Sequences, sinceUs: number): Promise<Map<number, number>> {
  const within = [...sourceTo].map(([partition, sequence]) => `(source_partition = ${partition} AND source_sequence <= ${sequence})`);
  const rows = await select<{ partition: number; uniques: string }>(
    client,
    `SELECT source_partition AS partition, toString(uniqExact(usage_id)) AS uniques FROM usage_events
     WHERE kind = 'recorded' AND recorded_at >= fromUnixTimestamp64Micro(${sinceUs}, 'UTC')
       AND (source_generation < ${generation} OR (source_generation = ${generation} AND (${[...within, '0'].join(' OR ')})))
     GROUP BY source_partition SETTINGS optimize_use_projections = 0`,
  );
  return new Map(rows.map(({ partition, uniques }) => [partition, Number(uniques)]));
}

/** Where the summaries are cut off. */
export interface SummariesCut {
  readonly generation: number;
  /** By partition; all that there are. */
  readonly sourceTo: Sequences;
  /** There are closed generations, whose rows count whole. The generation's own rows beyond the cut were recorded since then; microseconds since the epoch. */
  readonly others?: { readonly recordedSinceUs: number };
  readonly sealed: SealedMonths;
}

/**
 * The summaries at the cut: what the aggregate projection answers over all rows, less the rows beyond the cut.
 *
 * The projection does not know sequences. Both parts are read by one statement over one snapshot of the table, so that no insert lies between them.
 */
export async function readSummaries(client: ClickHouseClient, cut: SummariesCut): Promise<Map<string, Sums>> {
  const rows = await select<PartRow>(client, summariesQuery(cut));
  const byKey = new Map<string, Sums>();
  for (const row of rows) {
    const key = keyText(row);
    const sums = byKey.get(key) ?? noSums();
    addSigned(sums, toSums(row), row.part === 'beyond' ? -1n : 1n);
    byKey.set(key, sums);
  }
  for (const [key, sums] of byKey) if (isZero(sums)) byKey.delete(key);
  return byKey;
}

/** Rows beyond the cut. The minmax index does not know generations: where there are others, parts are passed over by time. */
function beyond({ generation, sourceTo, others }: SummariesCut): string {
  const partitions = [...sourceTo].map(([partition, sequence]) => `(source_partition = ${partition} AND source_sequence > ${sequence})`);
  const places = [...partitions, `source_partition > ${Math.max(-1, ...sourceTo.keys())}`].join(' OR ');
  return others ? `source_generation = ${generation} AND recorded_at >= fromUnixTimestamp64Micro(${others.recordedSinceUs}, 'UTC') AND (${places})` : places;
}

function summariesQuery(cut: SummariesCut): string {
  const { months } = cut.sealed;
  const keys = (month: string): string => `customer_id AS customer, ${month} AS month, provider, model`;
  const group = 'GROUP BY customer, month, provider, model';
  const slot = keys("formatDateTime(toStartOfFifteenMinutes(occurred_at), '%Y-%m')");
  // The projection does not know when something was recorded: while a sealed month's rows are still there, the rows themselves are read.
  const staying = months.filter(({ dropped }) => !dropped).map(({ month }) => month);
  const rows = staying.length === 0 ? `FROM usage_events ${group} SETTINGS force_optimize_projection = 1` : `FROM usage_events WHERE toYYYYMM(recorded_at) NOT IN (${staying.join(', ')}) ${group} SETTINGS optimize_use_projections = 0`;
  const seals = `SELECT 'sealed' AS part, ${keys("formatDateTime(occurred_day, '%Y-%m')")}, ${SEALED_SUMS} FROM sealed_summaries WHERE ${underSeal(cut.sealed)} ${group}`;
  return `
    SELECT 'rows' AS part, ${slot}, ${PROJECTED_SUMS} ${rows}
    ${months.length === 0 ? '' : `UNION ALL ${seals}`}
    UNION ALL
    SELECT 'beyond' AS part, ${keys("formatDateTime(occurred_at, '%Y-%m')")}, ${EXACT_SUMS} FROM usage_events WHERE ${beyond(cut)} ${group}
    SETTINGS optimize_use_projections = 0`;
}

/** A month is read from the one seal that is first by its id. */
export async function readSealedMonths(client: ClickHouseClient): Promise<SealedMonths> {
  const rows = await select<{ month: number; seal: string; is_dropped: number }>(client, 'SELECT recorded_month AS month, toString(min(seal)) AS seal, max(dropped) AS is_dropped FROM sealed_months GROUP BY recorded_month ORDER BY recorded_month');
  const months = rows.map(({ month, seal, is_dropped }) => ({ month, seal, dropped: is_dropped === 1 }));
  const last = months.at(-1)?.month;
  // Months are sealed oldest first; month 12 of Date.UTC is the next January.
  return { months, rowsSinceUs: last === undefined ? 0 : Date.UTC(Math.floor(last / 100), last % 100) * 1000 };
}

/** What the seals say of each partition of a generation. */
export async function readSealedPartitions(client: ClickHouseClient, generation: number, sealed: SealedMonths): Promise<Map<number, SealedRows>> {
  if (sealed.months.length === 0) return new Map();
  const rows = await select<SumsRow>(
    client,
    `SELECT toString(source_partition) AS partition, ${SEALED_SUMS}, toString(sum(row_count)) AS rows, toString(sum(originals)) AS recorded FROM sealed_partitions
     WHERE source_generation = ${generation} AND ${underSeal(sealed)} GROUP BY source_partition`,
  );
  return new Map(rows.map((row) => [Number(row.partition), { sums: toSums(row), rows: BigInt(row.rows!), originals: BigInt(row.recorded!) }]));
}

const underSeal = ({ months }: SealedMonths): string => `(recorded_month, seal) IN (${months.map(({ month, seal }) => `(${month}, toUUID('${seal}'))`).join(', ')})`;

/** A server too old to read both parts of a statement from one snapshot refuses the setting by name. */
async function select<Row>(client: ClickHouseClient, query: string): Promise<Row[]> {
  const answer = await client.query({ query, format: 'JSONEachRow', clickhouse_settings: { enable_shared_storage_snapshot_in_query: 1 } as Record<string, number> });
  return answer.json<Row>();
}

function toSums(row: SumsRow): Sums {
  return {
    events: BigInt(row.events!),
    unpriced: BigInt(row.unpriced!),
    costPicoUsd: parseScaled(row.cost!, USD_SCALE),
    quantities: QUANTITIES.map(({ decimal }, index) => (decimal ? parseScaled(row[`q${index}`]!, 9) : BigInt(row[`q${index}`]!))),
  };
}

function addSigned(sums: Sums, more: Sums, sign: bigint): void {
  sums.events += sign * more.events;
  sums.unpriced += sign * more.unpriced;
  sums.costPicoUsd += sign * more.costPicoUsd;
  more.quantities.forEach((value, index) => (sums.quantities[index]! += sign * value));
}
