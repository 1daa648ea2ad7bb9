import { type Kysely, sql } from 'kysely';

/** What lies in the archive, how far the log is trimmed, and which backups hold it back. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql`
    create table archive.partitions (
      generation integer not null,
      partition integer not null,
      archived_sequence bigint not null,
      archived_source_to bigint not null,
      stream_created text not null,
      message_digest text not null,
      highest_seen bigint not null,
      priced_trimmed_before bigint not null default 1,
      usage_trimmed_before bigint not null default 1,
      updated_at timestamptz not null default clock_timestamp(),
      primary key (generation, partition)
    )`.execute(db);
  await sql`
    create table archive.files (
      generation integer not null,
      partition integer not null,
      first_sequence bigint not null,
      last_sequence bigint not null,
      source_from bigint not null,
      source_to bigint not null,
      priced_from timestamptz not null,
      priced_to timestamptz not null,
      recorded_from timestamptz not null,
      recorded_to timestamptz not null,
      event_count bigint not null,
      name text not null,
      bytes bigint not null,
      archived_at timestamptz not null default clock_timestamp(),
      primary key (generation, partition, last_sequence)
    )`.execute(db);
  await sql`
    create table archive.backups (
      name text primary key,
      positions jsonb not null check (jsonb_typeof(positions) = 'object'),
      taken_at timestamptz not null default clock_timestamp()
    )`.execute(db);
  await sql`
    comment on table archive.backups is
      'Backups that must stay restorable, entered and removed by an operator. positions: by generation and partition, as in {"1/0": 4711}, the last PRICED sequence that the backup of the projections includes. Nothing behind it is trimmed; a partition that is not named keeps everything.'`.execute(
    db,
  );
  await sql`
    create view archive.published_progress as
      select p.generation, p.partition, p.archived_sequence, p.archived_source_to,
        p.priced_trimmed_before as trimmed_before_sequence, p.usage_trimmed_before as usage_trimmed_before_sequence,
        f.first_sequence as oldest_archived_sequence, f.recorded_from as oldest_recorded_at, p.updated_at
      from archive.partitions p
      left join lateral (
        select first_sequence, recorded_from from archive.files f
        where f.generation = p.generation and f.partition = p.partition order by last_sequence limit 1
      ) f on true`.execute(db);
  await sql`
    comment on view archive.published_progress is
      'For other services: PRICED up to archived_sequence is in the archive; PRICED before trimmed_before_sequence, and USAGE before usage_trimmed_before_sequence, is in the archive alone.'`.execute(db);
  await sql`
    create view archive.published_files as
      select generation, partition, first_sequence, last_sequence, source_from, source_to, recorded_from, recorded_to, event_count, name, bytes
      from archive.files`.execute(db);
}
