import { setTimeout as sleep } from 'node:timers/promises';
import { type ClickHouseClient, selectRows } from '@ledgerline/clickhouse';
import { parseScaled, USD_SCALE } from '@ledgerline/kernel';
import { QUANTITIES } from '@ledgerline/contracts';
import { type StoredPartition } from '../facts.js';
import { noSums, type Sums } from '../sums.js';
import { keyText } from '../usage-key.js';

/** How far each partition is read: the USAGE sequence of the cut, in one generation. */
export interface StoredCut {
  readonly generation: number;
  /** By partition. */
  readonly sourceTo: ReadonlyMap<number, number>;
}

type SumsRow = Record<string, string>;
type KeyRow = SumsRow & { customer: string; month: string; provider: string; model: string };

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
  ...QUANTITIES.map(({ name }, index) => `toString(sum(${name})) AS q${index}`),
].join(', ');

const half = (from: number): string => `toString(sum(reinterpretAsUInt64(reverse(substring(UUIDToNum(usage_id), ${from}, 8)))))`;

/** Rows within the cut. A partition that the log does not have counts whole: its rows should not be there. */
function withinCut({ generation, sourceTo }: StoredCut): string {
  const partitions = [...sourceTo].map(([partition, sequence]) => `(source_partition = ${partition} AND source_sequence <= ${sequence})`);
  const others = `source_partition NOT IN (${[...sourceTo.keys(), -1].join(', ')})`;
  return `(source_generation = ${generation} AND (${[...partitions, others].join(' OR ')}))`;
}

/** What ClickHouse holds of every partition, from the rows themselves. */
export async function readStoredPartitions(client: ClickHouseClient, cut: StoredCut): Promise<Map<number, StoredPartition>> {
  const rows = await selectRows<SumsRow>(
    client,
    `SELECT toString(source_partition) AS partition, ${EXACT_SUMS}, ${half(1)} AS high, ${half(9)} AS low, toString(uniqExact(usage_id)) AS ids
     FROM usage_events WHERE ${withinCut(cut)} GROUP BY source_partition
     SETTINGS optimize_use_projections = 0`,
  );
  return new Map(
    rows.map((row) => [
      Number(row.partition),
      { sums: toSums(row), idHash: { high: BigInt(row.high!), low: BigInt(row.low!) }, uniqueIds: BigInt(row.ids!) },
    ]),
  );
}

const ATTEMPTS = 20;
const PAUSE_MS = 50;

/**
 * The summaries at the cut: what the aggregate projection answers over all rows, less the rows beyond the cut.
 *
 * The projection does not know sequences. Both parts are read by one statement, which could still see an insert
 * between them; the row count of the same statement tells, and then it is read again.
 */
export async function readSummaries(client: ClickHouseClient, cut: StoredCut): Promise<Map<string, Sums>> {
  let rows: (KeyRow & { part: string })[] = [];
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    if (attempt > 0) await sleep(PAUSE_MS);
    rows = await selectRows(client, summariesQuery(cut));
    if (eventsOf(rows, 'projected') === eventsOf(rows, 'within') + eventsOf(rows, 'beyond')) break;
  }
  const byKey = new Map<string, Sums>();
  for (const row of rows) {
    if (row.part === 'within') continue;
    const key = keyText(row);
    const sums = byKey.get(key) ?? noSums();
    addSigned(sums, toSums(row), row.part === 'projected' ? 1n : -1n);
    byKey.set(key, sums);
  }
  for (const [key, sums] of byKey) if (isZero(sums)) byKey.delete(key);
  return byKey;
}

function summariesQuery(cut: StoredCut): string {
  const keys = (time: string): string => `customer_id AS customer, formatDateTime(${time}, '%Y-%m') AS month, provider, model`;
  const group = 'GROUP BY customer, month, provider, model';
  const nothing = ['customer', 'month', 'provider', 'model'].map((name) => `'' AS ${name}`).join(', ');
  return `
    SELECT 'projected' AS part, ${keys('toStartOfFifteenMinutes(occurred_at)')}, ${PROJECTED_SUMS} FROM usage_events ${group}
    SETTINGS force_optimize_projection = 1
    UNION ALL
    SELECT 'beyond' AS part, ${keys('occurred_at')}, ${EXACT_SUMS} FROM usage_events WHERE NOT ${withinCut(cut)} ${group}
    SETTINGS optimize_use_projections = 0
    UNION ALL
    SELECT 'within' AS part, ${nothing}, ${EXACT_SUMS} FROM usage_events WHERE ${withinCut(cut)}
    SETTINGS optimize_use_projections = 0`;
}

const eventsOf = (rows: readonly (KeyRow & { part: string })[], part: string): bigint =>
  rows.filter((row) => row.part === part).reduce((sum, row) => sum + BigInt(row.events!), 0n);

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

const isZero = ({ events, unpriced, costPicoUsd, quantities }: Sums): boolean =>
  events === 0n && unpriced === 0n && costPicoUsd === 0n && quantities.every((value) => value === 0n);
