import { type ClickHouseClient, encodeNativeBlock, insertNative, killQuery, selectRows } from '@ledgerline/clickhouse';
import { decodeUsageEnvelope, type UsageColumns } from '@ledgerline/contracts';
import { type RecordedCorrection } from '../application/collect-corrections.js';
import { type QuarantinedItem } from '../application/collect-quarantined.js';
import { type Range } from '../application/plan-ranges.js';
import { type Claim, type PreparedRange, type UsageStore } from '../application/ports.js';
import { correctionRow, quarantinedRow } from './mapping.js';
import { insertSql, storedSql } from './range-sql.js';
import { IN_USE, queryIdOf, type UsageTables } from './usage-tables.js';
import { type RowSource, UsageRows } from './usage-rows/usage-rows.js';

/** One thread and a block that holds a whole range: the insert is one part, there or not. */
const ONE_PART = { max_insert_threads: '1', max_block_size: '1048576', max_insert_block_size: '1048576', min_insert_block_size_rows: '1048576', min_insert_block_size_bytes: '1073741824' } as const;

/** Every attempt of a sink's inserts carries this id, so that the server runs one of them at a time. A server may hold several databases. */
export const sinkQueryId = (database: string, shard: number): string => queryIdOf(IN_USE, database, shard);

/** Rows, corrections and quarantined items in ClickHouse. */
export class ClickHouseUsageStore implements UsageStore {
  /** @param database where the client writes; part of the query ids, because a server may hold several deployments */
  constructor(
    private readonly client: ClickHouseClient,
    private readonly database: string,
    private readonly tables: UsageTables = IN_USE,
  ) {}

  prepare(claim: Claim, range: Range): PreparedRange {
    const columns = rowsOf(range).columns();
    const body = encodeNativeBlock(columns);
    const query = insertSql(columns, range, this.tables.events);
    return {
      insert: () => insertNative(this.client, { query, queryId: this.queryId(claim.shard), body, settings: ONE_PART }),
      stored: () => this.stored(range),
    };
  }

  /** A range of a sealed month is whole: a month is sealed when all its rows are there, and only then are they dropped. */
  private async stored(range: Range): Promise<number> {
    const [row] = await selectRows<{ stored: string; sealed_partitions: string }>(this.client, storedSql(range, this.tables.events));
    return Number(row!.sealed_partitions) === range.sources.size ? range.rows : Number(row!.stored);
  }

  endInsert(shard: number): Promise<void> {
    return killQuery(this.client, this.queryId(shard));
  }

  private queryId(shard: number): string {
    return queryIdOf(this.tables, this.database, shard);
  }

  async quarantine(items: readonly QuarantinedItem[]): Promise<void> {
    await this.add(this.tables.quarantined, items.map(quarantinedRow));
  }

  async keepCorrections(corrections: readonly RecordedCorrection[]): Promise<void> {
    await this.add(this.tables.corrections, corrections.map(correctionRow));
  }

  private async add(table: string, values: readonly object[]): Promise<void> {
    await this.client.insert({ table, values, format: 'JSONEachRow', clickhouse_settings: { async_insert: 0, date_time_input_format: 'best_effort' } });
  }
}

/** The rows of a range. @throws EnvelopeError when a run that pricing could read cannot be read here */
export function rowsOf(range: Range): UsageRows {
  const rows = new UsageRows(range.rows);
  for (const { partition, priceBookVersion, run, rows: made } of range.runs) {
    if (made === 0) continue;
    const source = { generation: range.generation, partition, sequence: run.sourceSequence, recordedAtUs: run.recordedAtUs, priceBookVersion };
    const { deltas } = run;
    if (!run.correction && made > (deltas?.entries.length ?? 0)) {
      rows.append(source, decoded(run.usage, run.outcomes.length, 'outcomes', source), run.outcomes, run.costs, run.priceSources);
    }
    if (deltas) rows.appendDeltas(source, decoded(deltas.rows, deltas.entries.length, 'deltas', source), deltas.entries, run.outcomes.length);
  }
  return rows;
}

function decoded(bytes: Uint8Array, expected: number, of: string, { partition, sequence }: RowSource): UsageColumns {
  const usage = decodeUsageEnvelope(bytes);
  if (usage.count !== expected) throw new RangeError(`partition ${partition} source ${sequence}: ${usage.count} events and ${expected} ${of}`);
  return usage;
}
