import { leaseMigration, type Migration, streamIdMigration } from '@ledgerline/postgres';
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

/** What was sealed and dropped, for those who do not read ClickHouse, and for the audit. */
const sealedMonths: Migration = {
  async up(db) {
    await sql`
      create table aggregation.sealed_months (
        recorded_month integer primary key,
        seal uuid not null,
        dropped boolean not null default false,
        sealed_at timestamptz not null default clock_timestamp()
      )`.execute(db);
    await sql`
      create table aggregation.sealed_partitions (
        recorded_month integer not null references aggregation.sealed_months on delete cascade,
        generation integer not null,
        partition integer not null,
        source_to bigint not null,
        row_count bigint not null,
        event_count bigint not null,
        unpriced_count bigint not null,
        cost_usd numeric(38, 12) not null,
        quantities jsonb not null,
        originals bigint not null,
        unique_originals bigint not null,
        id_hash_high numeric(20, 0) not null,
        id_hash_low numeric(20, 0) not null,
        primary key (recorded_month, generation, partition)
      )`.execute(db);
    await sql`
      create view aggregation.published_sealed_months as
        select recorded_month, seal, dropped, sealed_at from aggregation.sealed_months`.execute(db);
    await sql`
      create view aggregation.published_sealed_partitions as
        select recorded_month, generation, partition, source_to, row_count, event_count, unpriced_count, cost_usd, quantities, originals, unique_originals,
          id_hash_high, id_hash_low
        from aggregation.sealed_partitions`.execute(db);
    await sql`
      comment on view aggregation.published_sealed_partitions is
        'The exact sums of the rows of usage_events that were recorded in a month and came from a partition; quantities by name, as decimal text. Every USAGE message up to source_to was stored when the month was sealed. The hashes are sums modulo 2^64 over the usage_ids of rows of kind recorded.'`.execute(
      db,
    );
  },
};

export const postgresMigrations: Record<string, Migration> = {
  '0001_leases': leaseMigration(SCHEMA),
  '0002_progress': progress,
  '0003_retention': retention,
  '0004_sealed_months': sealedMonths,
  '0005_stream_id': streamIdMigration(SCHEMA, 'partition_progress'),
};
