import { type ClickHouseClient, encodeNativeBlock, insertNative, killQuery, selectRows } from '@ledgerline/clickhouse';
import { decodeUsageEnvelope } from '@ledgerline/contracts';
import { type QuarantinedItem } from '../application/collect-quarantined.js';
import { isoMicroseconds } from '../application/event-json.js';
import { type Range } from '../application/plan-ranges.js';
import { type Claim, type PreparedRange, type UsageStore } from '../application/ports.js';
import { insertSql, storedSql } from './range-sql.js';
import { IN_USE, queryIdOf, type UsageTables } from './usage-tables.js';
import { UsageRows } from './usage-rows/usage-rows.js';

/** One thread and a block that holds a whole range: the insert is one part, there or not. */
const ONE_PART = { max_insert_threads: '1', max_block_size: '1048576', max_insert_block_size: '1048576', min_insert_block_size_rows: '1048576', min_insert_block_size_bytes: '1073741824' } as const;

/** Rows and quarantined items in ClickHouse. */
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
      stored: async () => Number((await selectRows<{ stored: string }>(this.client, storedSql(range, this.tables.events)))[0]!.stored),
    };
  }

  endInsert(shard: number): Promise<void> {
    return killQuery(this.client, this.queryId(shard));
  }

  /** Every attempt of a sink's inserts carries this id, so that the server runs one of them at a time. */
  private queryId(shard: number): string {
    return queryIdOf(this.tables, this.database, shard);
  }

  async quarantine(items: readonly QuarantinedItem[]): Promise<void> {
    await this.client.insert({ table: this.tables.quarantined, values: items.map(toRow), format: 'JSONEachRow', clickhouse_settings: { async_insert: 0, date_time_input_format: 'best_effort' } });
  }
}

/** The rows of a range. @throws EnvelopeError when a run that pricing could read cannot be read here */
export function rowsOf(range: Range): UsageRows {
  const rows = new UsageRows(range.rows);
  for (const { partition, priceBookVersion, run, rows: counted } of range.runs) {
    if (counted === 0) continue;
    const usage = decodeUsageEnvelope(run.usage);
    if (usage.count !== run.outcomes.length) throw new RangeError(`partition ${partition} source ${run.sourceSequence}: ${usage.count} events and ${run.outcomes.length} outcomes`);
    rows.append({ generation: range.generation, partition, sequence: run.sourceSequence, recordedAtUs: run.recordedAtUs, priceBookVersion }, usage, run.outcomes, run.costs);
  }
  return rows;
}

function toRow(item: QuarantinedItem) {
  return {
    usage_id: item.usageId,
    customer_id: item.customerId,
    outcome: item.outcome,
    code: item.code,
    detail: item.detail,
    body: item.body,
    encoding: item.encoding,
    recorded_at: isoMicroseconds(item.recordedAtUs),
    source_generation: item.generation,
    source_partition: item.partition,
    source_sequence: item.sequence,
    source_index: item.index,
  };
}
