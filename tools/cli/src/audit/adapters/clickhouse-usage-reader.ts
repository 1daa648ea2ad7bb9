import { type ClickHouseClient } from '@ledgerline/clickhouse';
import { parseScaled, USD_SCALE } from '@ledgerline/kernel';
import { QUANTITIES } from '@ledgerline/contracts';
import { type StoredPartition } from '../facts.js';
import { ROW_HASH_SQL } from '../row-hash.js';
import { type Sequences, type SourceRange } from '../sources.js';
import { isZero, noSums, type Sums } from '../sums.js';
import { keyText } from '../usage-key.js';

type SumsRow = Record<string, string>;
type KeyRow = SumsRow & { customer: string; month: string; provider: string; model: string };
type PartRow = KeyRow & { part: 'projected' | 'beyond' };

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

/**
 * What ClickHouse holds of every partition's range, from the rows themselves.
 *
 * The conditions are such that the minmax index over partition and sequence can pass over what lies before a range.
 * @param strays also rows of partitions that are not in `ranges`
 */
export async function readStoredPartitions(client: ClickHouseClient, generation: number, ranges: ReadonlyMap<number, SourceRange>, strays: boolean): Promise<Map<number, StoredPartition>> {
  const within = [...ranges].map(([partition, { after, to }]) => `(source_partition = ${partition} AND source_sequence > ${after} AND source_sequence <= ${to})`);
  if (strays) within.push(`source_partition NOT IN (${[...ranges.keys(), -1].join(', ')})`);
  const [first, second] = ROW_HASH_SQL;
  const rows = await select<SumsRow>(
    client,
    `SELECT toString(source_partition) AS partition, ${EXACT_SUMS}, toString(${first}) AS first, toString(${second}) AS second,
       toString(count()) AS rows, toString(countIf(kind = 'recorded')) AS originals, toString(uniqExactIf(usage_id, kind = 'recorded')) AS uniques
     FROM usage_events WHERE source_generation = ${generation} AND (${within.join(' OR ')}) GROUP BY source_partition
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

/** Where the summaries are cut off. */
export interface SummariesCut {
  readonly generation: number;
  /** By partition; all that there are. */
  readonly sourceTo: Sequences;
  /** Other generations that the projections know. */
  readonly otherGenerations: boolean;
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
    addSigned(sums, toSums(row), row.part === 'projected' ? 1n : -1n);
    byKey.set(key, sums);
  }
  for (const [key, sums] of byKey) if (isZero(sums)) byKey.delete(key);
  return byKey;
}

/** Rows beyond the cut. Another generation's are looked for only where there is one: no index knows generations. */
function beyond({ generation, sourceTo, otherGenerations }: SummariesCut): string {
  const partitions = [...sourceTo].map(([partition, sequence]) => `(source_partition = ${partition} AND source_sequence > ${sequence})`);
  const highest = Math.max(-1, ...sourceTo.keys());
  return [...partitions, `source_partition > ${highest}`, ...(otherGenerations ? [`source_generation != ${generation}`] : [])].join(' OR ');
}

function summariesQuery(cut: SummariesCut): string {
  const keys = (time: string): string => `customer_id AS customer, formatDateTime(${time}, '%Y-%m') AS month, provider, model`;
  const group = 'GROUP BY customer, month, provider, model';
  return `
    SELECT 'projected' AS part, ${keys('toStartOfFifteenMinutes(occurred_at)')}, ${PROJECTED_SUMS} FROM usage_events ${group}
    SETTINGS force_optimize_projection = 1
    UNION ALL
    SELECT 'beyond' AS part, ${keys('occurred_at')}, ${EXACT_SUMS} FROM usage_events WHERE ${beyond(cut)} ${group}
    SETTINGS optimize_use_projections = 0`;
}

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
