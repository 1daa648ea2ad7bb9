import { fenceLease } from '@ledgerline/postgres';
import { type Kysely, sql, type Transaction } from 'kysely';
import { type PartitionReach, type RetentionClaim, type SealedPartition, type SealLedger } from '../../application/retention/ports.js';
import { monthEndMs } from '../../application/retention/recorded-month.js';
import { SCHEMA } from '../../migrations/postgres.js';

/** The lease of the one copy that looks after retention; its unit is 0. */
export const RETENTION_SCOPE = 'retention';

/** Positions and seals in Postgres. */
export class PostgresSealLedger implements SealLedger {
  constructor(private readonly db: Kysely<unknown>) {}

  async reached(): Promise<PartitionReach[]> {
    const { rows } = await sql<{ generation: number; partition: number; source_sequence: number; recorded_at_us: number | null }>`
      select generation, partition, source_sequence, (extract(epoch from recorded_at) * 1000000)::bigint as recorded_at_us
      from aggregation.partition_progress`.execute(this.db);
    return rows.map((row) => ({ generation: row.generation, partition: row.partition, sourceSequence: row.source_sequence, recordedAtUs: row.recorded_at_us }));
  }

  async recorded(): Promise<ReadonlyMap<number, { dropped: boolean }>> {
    const { rows } = await sql<{ recorded_month: number; dropped: boolean }>`select recorded_month, dropped from aggregation.sealed_months`.execute(this.db);
    return new Map(rows.map(({ recorded_month, dropped }) => [recorded_month, { dropped }]));
  }

  record(claim: RetentionClaim, month: number, seal: string, totals: readonly SealedPartition[], commit: () => Promise<void>): Promise<void> {
    return this.fenced(claim, async (trx) => {
      await sql`delete from aggregation.sealed_months where recorded_month = ${month}`.execute(trx);
      await sql`insert into aggregation.sealed_months (recorded_month, seal) values (${month}, ${seal})`.execute(trx);
      await sql`
        insert into aggregation.sealed_partitions (recorded_month, generation, partition, source_to, row_count, event_count, unpriced_count, cost_usd,
          quantities, originals, unique_originals, id_hash_high, id_hash_low)
        select ${month}::integer, generation, partition, "sourceTo", "rowCount", "eventCount", "unpricedCount", "costUsd", quantities, originals, "uniqueOriginals",
          "idHashHigh", "idHashLow"
        from jsonb_to_recordset(${JSON.stringify(totals)}::jsonb) as t(generation integer, partition integer, "sourceTo" bigint, "rowCount" bigint,
          "eventCount" bigint, "unpricedCount" bigint, "costUsd" numeric, quantities jsonb, originals bigint, "uniqueOriginals" bigint,
          "idHashHigh" numeric, "idHashLow" numeric)`.execute(trx);
      await sql`
        insert into aggregation.retention as r (kept_from) values (${new Date(monthEndMs(month)).toISOString()}::timestamptz)
        on conflict (singleton) do update set kept_from = greatest(r.kept_from, excluded.kept_from)`.execute(trx);
      await commit();
    });
  }

  recordDropped(claim: RetentionClaim, month: number): Promise<void> {
    return this.fenced(claim, async (trx) => {
      await sql`update aggregation.sealed_months set dropped = true where recorded_month = ${month}`.execute(trx);
    });
  }

  private fenced(claim: RetentionClaim, work: (trx: Transaction<unknown>) => Promise<void>): Promise<void> {
    return this.db.transaction().execute(async (trx) => {
      await fenceLease(trx, SCHEMA, RETENTION_SCOPE, 0, claim.epoch);
      await work(trx);
    });
  }
}
