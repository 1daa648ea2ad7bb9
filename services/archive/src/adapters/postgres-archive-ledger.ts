import { type Checkpoint } from '@ledgerline/messaging';
import { fenceLease } from '@ledgerline/postgres';
import { type Kysely, sql, type Transaction } from 'kysely';
import { type ArchivedFile, type ArchiveLedger, type Claim, type PartitionProgress, type Trimmed } from '../application/ports.js';
import { type FileRow, fileFromRow, progressFromRow, type ProgressRow } from './mapping.js';

export const SCHEMA = 'archive';
/** The family of leases under which partitions are archived. */
export const LEASE_SCOPE = 'archive';

const time = (us: number) => sql`timestamptz 'epoch' + ${us}::bigint * interval '1 microsecond'`;
const microseconds = (column: string) => sql`(extract(epoch from ${sql.ref(column)}) * 1000000)::bigint`;

/** The archive's checkpoints and files, in the service's own schema. */
export class PostgresArchiveLedger implements ArchiveLedger {
  constructor(
    private readonly db: Kysely<unknown>,
    private readonly generation: number,
  ) {}

  async load(partition: number): Promise<PartitionProgress | null> {
    const { rows } = await sql<ProgressRow>`
      select archived_sequence, stream_id, message_digest, highest_seen, priced_trimmed_before, usage_trimmed_before
      from archive.partitions where generation = ${this.generation} and partition = ${partition}`.execute(this.db);
    return rows[0] ? progressFromRow(rows[0]) : null;
  }

  recordFile(claim: Claim, file: ArchivedFile, checkpoint: Checkpoint): Promise<void> {
    return this.fenced(claim, async (trx) => {
      await sql`
        insert into archive.files (generation, partition, first_sequence, last_sequence, source_from, source_to, priced_from, priced_to,
          recorded_from, recorded_to, event_count, name, bytes)
        values (${this.generation}, ${claim.partition}, ${file.from}, ${file.to}, ${file.sourceFrom}, ${file.sourceTo}, ${time(file.pricedFromUs)},
          ${time(file.pricedToUs)}, ${time(file.recordedFromUs)}, ${time(file.recordedToUs)}, ${file.events}, ${file.name}, ${file.bytes})
        on conflict do nothing`.execute(trx);
      await sql`
        insert into archive.partitions as p (generation, partition, archived_sequence, archived_source_to, stream_id, message_digest, highest_seen)
        values (${this.generation}, ${claim.partition}, ${checkpoint.sequence}, ${file.sourceTo}, ${checkpoint.streamId},
          ${checkpoint.messageDigest}, ${checkpoint.highestSeen})
        on conflict (generation, partition) do update set archived_sequence = excluded.archived_sequence,
          archived_source_to = excluded.archived_source_to, stream_id = excluded.stream_id, message_digest = excluded.message_digest,
          highest_seen = greatest(p.highest_seen, excluded.highest_seen), updated_at = clock_timestamp()`.execute(trx);
    });
  }

  async filesFrom(partition: number, sequence: number, limit: number): Promise<ArchivedFile[]> {
    const { rows } = await sql<FileRow>`
      select first_sequence, last_sequence, source_from, source_to, event_count, name, bytes, ${microseconds('priced_from')} as priced_from_us,
        ${microseconds('priced_to')} as priced_to_us, ${microseconds('recorded_from')} as recorded_from_us, ${microseconds('recorded_to')} as recorded_to_us
      from archive.files where generation = ${this.generation} and partition = ${partition} and last_sequence >= ${sequence}
      order by last_sequence limit ${limit}`.execute(this.db);
    return rows.map(fileFromRow);
  }

  recordTrim(claim: Claim, { pricedBefore, usageBefore }: Trimmed): Promise<void> {
    return this.fenced(claim, async (trx) => {
      await sql`
        update archive.partitions set priced_trimmed_before = greatest(priced_trimmed_before, ${pricedBefore}),
          usage_trimmed_before = greatest(usage_trimmed_before, ${usageBefore}), updated_at = clock_timestamp()
        where generation = ${this.generation} and partition = ${claim.partition}`.execute(trx);
    });
  }

  private fenced(claim: Claim, work: (trx: Transaction<unknown>) => Promise<void>): Promise<void> {
    return this.db.transaction().execute(async (trx) => {
      await fenceLease(trx, SCHEMA, LEASE_SCOPE, claim.partition, claim.epoch);
      await work(trx);
    });
  }
}
