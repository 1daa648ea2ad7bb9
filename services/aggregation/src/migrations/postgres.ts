import { leaseMigration, type Migration } from '@ledgerline/postgres';
import { sql } from 'kysely';

export const SCHEMA = 'aggregation';

const progress: Migration = {
  async up(db) {
    await sql`
      create table aggregation.sink_shards (
        singleton boolean primary key default true check (singleton),
        shards integer not null check (shards > 0)
      )`.execute(db);
    await sql`comment on table aggregation.sink_shards is 'How many sinks the deployment has; fixed, because a partition that changed its sink would lose its fence.'`.execute(db);
    await sql`
      create table aggregation.partition_progress (
        generation integer not null,
        partition integer not null,
        source_sequence bigint not null,
        recorded_at timestamptz,
        priced_sequence bigint not null default 0,
        stream_created text not null default '',
        message_digest text not null default '',
        highest_seen bigint not null default 0,
        updated_at timestamptz not null default clock_timestamp(),
        primary key (generation, partition)
      ) with (fillfactor = 50)`.execute(db);
    await sql`
      create table aggregation.ranges_in_flight (
        shard integer primary key,
        epoch bigint not null,
        generation integer not null,
        row_count integer not null,
        sources jsonb not null,
        started_at timestamptz not null default clock_timestamp()
      ) with (fillfactor = 50)`.execute(db);
    await sql`
      create view aggregation.published_progress as
        select generation, partition, source_sequence, recorded_at, priced_sequence, updated_at
        from aggregation.partition_progress`.execute(db);
    await sql`comment on view aggregation.published_progress is 'For other services: every USAGE message up to source_sequence is in ClickHouse.'`.execute(db);
  },
};

const retention: Migration = {
  async up(db) {
    await sql`
      create table aggregation.retention (
        singleton boolean primary key default true check (singleton),
        kept_from timestamptz not null
      )`.execute(db);
    await sql`comment on table aggregation.retention is 'Set before whole recorded months of rows are dropped; no row while nothing ever was.'`.execute(db);
    await sql`create view aggregation.published_retention as select kept_from from aggregation.retention`.execute(db);
    await sql`comment on view aggregation.published_retention is 'For other services: events recorded before kept_from are no longer stored.'`.execute(db);
  },
};

export const postgresMigrations: Record<string, Migration> = {
  '0001_leases': leaseMigration(SCHEMA),
  '0002_progress': progress,
  '0003_retention': retention,
};
