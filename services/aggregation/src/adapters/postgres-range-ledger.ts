import { type Checkpoint } from '@ledgerline/messaging';
import { fenceLease } from '@ledgerline/postgres';
import { type Kysely, sql, type Transaction } from 'kysely';
import { type Range } from '../application/plan-ranges.js';
import { type Claim, type Progress, type RangeLedger } from '../application/ports.js';
import { SCHEMA } from '../migrations/postgres.js';

/** The family of leases the sinks hold. */
export const LEASE_SCOPE = 'sink';

interface ProgressRow {
  partition: number;
  source_sequence: number;
  recorded_at_us: number | null;
  priced_sequence: number;
  stream_id: string;
  message_digest: string;
  highest_seen: number;
}

/** Progress and the range in flight, in the service's own schema. */
export class PostgresRangeLedger implements RangeLedger {
  constructor(
    private readonly db: Kysely<unknown>,
    private readonly generation: number,
  ) {}

  async load(partitions: readonly number[]): Promise<Progress[]> {
    const { rows } = await sql<ProgressRow>`
      select partition, source_sequence, (extract(epoch from recorded_at) * 1000000)::bigint as recorded_at_us,
        priced_sequence, stream_id, message_digest, highest_seen
      from aggregation.partition_progress
      where generation = ${this.generation} and partition = any(${[...partitions]}::integer[])`.execute(this.db);
    return rows.map(fromRow);
  }

  begin(claim: Claim, range: Range, done: readonly Progress[]): Promise<void> {
    const sources = JSON.stringify(Object.fromEntries(range.sources));
    return this.fenced(claim, async (trx) => {
      await this.record(trx, done);
      await sql`
        insert into aggregation.ranges_in_flight as r (shard, epoch, generation, row_count, sources)
        values (${claim.shard}, ${claim.epoch}, ${range.generation}, ${range.rows}, ${sources}::jsonb)
        on conflict (shard) do update set epoch = excluded.epoch, generation = excluded.generation, row_count = excluded.row_count,
          sources = excluded.sources, started_at = excluded.started_at`.execute(trx);
    });
  }

  settle(claim: Claim, done: readonly Progress[]): Promise<void> {
    return this.fenced(claim, async (trx) => {
      await this.record(trx, done);
      await sql`delete from aggregation.ranges_in_flight where shard = ${claim.shard}`.execute(trx);
    });
  }

  private fenced(claim: Claim, work: (trx: Transaction<unknown>) => Promise<void>): Promise<void> {
    return this.db.transaction().execute(async (trx) => {
      await fenceLease(trx, SCHEMA, LEASE_SCOPE, claim.shard, claim.epoch);
      await work(trx);
    });
  }

  /** Only ever forward; a checkpoint of PRICED that is not given stays as it is. */
  private async record(trx: Transaction<unknown>, done: readonly Progress[]): Promise<void> {
    if (done.length === 0) return;
    await sql`
      insert into aggregation.partition_progress as p
        (generation, partition, source_sequence, recorded_at, priced_sequence, stream_id, message_digest, highest_seen)
      select ${this.generation}::integer, partition, source_sequence, timestamptz 'epoch' + recorded_at_us * interval '1 microsecond',
        coalesce(priced_sequence, 0), coalesce(stream_id, ''), coalesce(message_digest, ''), coalesce(highest_seen, 0)
      from jsonb_to_recordset(${JSON.stringify(done.map(toRow))}::jsonb) as r(partition integer, source_sequence bigint, recorded_at_us bigint,
        priced_sequence bigint, stream_id text, message_digest text, highest_seen bigint)
      on conflict (generation, partition) do update set
        source_sequence = greatest(p.source_sequence, excluded.source_sequence),
        recorded_at = greatest(p.recorded_at, excluded.recorded_at),
        priced_sequence = greatest(p.priced_sequence, excluded.priced_sequence),
        stream_id = coalesce(nullif(excluded.stream_id, ''), p.stream_id),
        message_digest = case when excluded.priced_sequence > p.priced_sequence then excluded.message_digest else p.message_digest end,
        highest_seen = greatest(p.highest_seen, excluded.highest_seen),
        updated_at = clock_timestamp()`.execute(trx);
  }
}

function toRow({ partition, sourceSequence, recordedAtUs, checkpoint }: Progress) {
  return {
    partition,
    source_sequence: sourceSequence,
    recorded_at_us: recordedAtUs,
    priced_sequence: checkpoint?.sequence,
    stream_id: checkpoint?.streamId,
    message_digest: checkpoint?.messageDigest,
    highest_seen: checkpoint?.highestSeen,
  };
}

function fromRow(row: ProgressRow): Progress {
  const checkpoint: Checkpoint = {
    sequence: row.priced_sequence,
    streamId: row.stream_id,
    messageDigest: row.message_digest,
    highestSeen: row.highest_seen,
  };
  return { partition: row.partition, sourceSequence: row.source_sequence, recordedAtUs: row.recorded_at_us, checkpoint };
}
