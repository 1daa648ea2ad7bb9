import { QUANTITIES } from '@ledgerline/contracts';
import { type ClickHouseClient, killQuery, selectRows } from '@ledgerline/clickhouse';
import { type MonthState, type SealedPartition, SealMismatchError, type SealStore, type SourcePosition } from '../../application/retention/ports.js';
import { partitionTotalsSql, sealedTotalsSql, sealSql, verifySql } from './seal-sql.js';

type TotalsRow = Record<string, string> & { source_generation: number; source_partition: number };

/** Sealing in ClickHouse. */
export class ClickHouseSealStore implements SealStore {
  /** @param sinkQueryIds under which inserts into usage_events run */
  constructor(
    private readonly client: ClickHouseClient,
    private readonly sinkQueryIds: readonly string[],
  ) {}

  async months(): Promise<MonthState[]> {
    const rows = await selectRows<{ month: number; seal: string | null; gone: number }>(
      this.client,
      `SELECT month, any(sealed) AS seal, max(is_dropped) AS gone FROM (
         SELECT DISTINCT toUInt32(partition) AS month, CAST(NULL, 'Nullable(UUID)') AS sealed, 0 AS is_dropped FROM system.parts
         WHERE database = currentDatabase() AND table = 'usage_events' AND active AND rows > 0
         UNION ALL
         SELECT recorded_month, toNullable(min(seal)), max(dropped) FROM sealed_months GROUP BY recorded_month
       ) GROUP BY month ORDER BY month`,
    );
    return rows.map(({ month, seal, gone }) => ({ month, seal, dropped: Number(gone) === 1 }));
  }

  async prepare(month: number, seal: string, positions: readonly SourcePosition[]): Promise<void> {
    await this.client.command({ query: sealSql(month, seal) });
    const rows = await selectRows<TotalsRow>(this.client, partitionTotalsSql(month));
    const found = new Map(rows.map((row) => [`${row.source_generation}/${row.source_partition}`, row]));
    await this.client.insert({
      table: 'sealed_partitions',
      values: positions.map(({ generation, partition, sourceSequence }) => {
        const row = found.get(`${generation}/${partition}`);
        return { recorded_month: month, seal, source_generation: generation, source_partition: partition, source_to: sourceSequence, ...(row && columnsOf(row)) };
      }),
      format: 'JSONEachRow',
      clickhouse_settings: { async_insert: 0 },
    });
    await this.verify(month, seal);
  }

  private async verify(month: number, seal: string): Promise<void> {
    const [row] = await selectRows<{ made: string; summaries: string; made_sums: string; partitions: string }>(this.client, verifySql(month, seal));
    if (row!.made !== row!.summaries) throw new SealMismatchError(month, 'the sums by day');
    if (row!.made_sums !== row!.partitions) throw new SealMismatchError(month, 'the sums by partition');
  }

  async totals(month: number, seal: string): Promise<SealedPartition[]> {
    const rows = await selectRows<TotalsRow>(this.client, sealedTotalsSql(month, seal));
    return rows.map((row) => ({
      generation: row.source_generation,
      partition: row.source_partition,
      sourceTo: Number(row['sealed_to']),
      rowCount: row['sum_row_count']!,
      eventCount: row['sum_event_count']!,
      unpricedCount: row['sum_unpriced_count']!,
      costUsd: row['sum_cost_usd']!,
      quantities: Object.fromEntries(QUANTITIES.map(({ name }) => [name, row[`sum_${name}`]!])),
      originals: row['originals']!,
      uniqueOriginals: row['unique_originals']!,
      idHashHigh: row['id_hash_high']!,
      idHashLow: row['id_hash_low']!,
    }));
  }

  async commit(month: number, seal: string): Promise<void> {
    await this.client.command({
      query: `INSERT INTO sealed_months (recorded_month, seal, dropped) SELECT ${month}, toUUID('${seal}'), 0 WHERE ${month} NOT IN (SELECT recorded_month FROM sealed_months)`,
    });
  }

  /** An insert that looked at the table before the commit is ended first: afterwards it could not see that its rows were there. */
  async drop(month: number, seal: string): Promise<void> {
    for (const queryId of this.sinkQueryIds) await killQuery(this.client, queryId);
    await this.client.command({ query: `ALTER TABLE usage_events DROP PARTITION ${month}` });
    await this.client.command({ query: `INSERT INTO sealed_months (recorded_month, seal, dropped) VALUES (${month}, '${seal}', 1)` });
    for (const table of ['sealed_summaries', 'sealed_partitions']) {
      const [abandoned] = await selectRows<{ found: number }>(this.client, `SELECT count() > 0 AS found FROM ${table} WHERE recorded_month = ${month} AND seal != '${seal}'`);
      if (Number(abandoned!.found) === 1) await this.client.command({ query: `DELETE FROM ${table} WHERE recorded_month = ${month} AND seal != '${seal}'` });
    }
  }
}

/** The columns of sealed_partitions in a row of totals. */
function columnsOf(row: TotalsRow): Record<string, string> {
  const entries = Object.entries(row) as [string, string][];
  return Object.fromEntries(entries.filter(([name]) => !name.startsWith('source_')).map(([name, value]) => [name.replace(/^sum_/, ''), value]));
}
