import { type Migration, streamIdMigration } from '@ledgerline/postgres';
import { sql } from 'kysely';

export const AUDIT_SCHEMA = 'audit';

/** What has been proved, so that the next audit walks only what came after. Dropping the schema costs one full audit. */
const sealed: Migration = {
  async up(db) {
    await sql`
      create table audit.seals (
        generation integer primary key,
        number bigint not null,
        sealed_at timestamptz not null default clock_timestamp()
      )`.execute(db);
    await sql`
      create table audit.sealed_positions (
        generation integer not null,
        partition integer not null,
        priced_sequence bigint not null,
        source_sequence bigint not null,
        stream_created text not null,
        message_digest text not null,
        usage_events numeric not null,
        corrections numeric not null,
        outcomes numeric[] not null,
        primary key (generation, partition)
      )`.execute(db);
    await sql`
      create table audit.sealed_sums (
        generation integer not null,
        customer_id text collate "C" not null,
        month text collate "C" not null,
        provider text collate "C" not null,
        model text collate "C" not null,
        numbers numeric[] not null,
        primary key (generation, customer_id, month, provider, model)
      ) with (fillfactor = 70)`.execute(db);
    await sql`comment on column audit.sealed_sums.numbers is 'event_count, unpriced_events, cost in 1e-12 USD, requests made, then the quantities by their index; decimal ones in 1e-9'`.execute(db);
  },
};

/** A baseline that was sealed before its generation was closed may hold what a recovery found lost. */
const closed: Migration = {
  async up(db) {
    await sql`alter table audit.seals add column closed boolean not null default false`.execute(db);
  },
};

export const auditMigrations: Record<string, Migration> = {
  '0001_sealed': sealed,
  '0002_closed': closed,
  '0003_stream_id': streamIdMigration(AUDIT_SCHEMA, 'sealed_positions'),
};
