import { type Migration } from '@ledgerline/postgres';
import { sql } from 'kysely';

/** The net state of corrected events: a projection of PRICED, with its position. */
export const correctionMigration: Migration = {
  async up(db) {
    await sql`
      create table pricing.corrected_events (
        usage_id uuid primary key,
        envelope bytea not null,
        version integer not null check (version >= 0),
        voided boolean not null,
        credit boolean not null,
        cost_usd numeric(38, 12),
        price_book_version text not null
      )`.execute(db);
    await sql`
      create table pricing.seen_corrections (
        usage_id uuid not null,
        correction_id text collate "C" not null,
        digest text not null,
        primary key (usage_id, correction_id)
      )`.execute(db);
    await sql`
      create table pricing.parked_corrections (
        usage_id uuid not null,
        correction_id text collate "C" not null,
        generation integer not null,
        partition integer not null,
        envelope bytea not null,
        ordinal bigint generated always as identity,
        primary key (usage_id, correction_id)
      )`.execute(db);
    await sql`
      create table pricing.correction_progress (
        generation integer not null,
        partition integer not null,
        priced_sequence bigint not null,
        primary key (generation, partition)
      )`.execute(db);
    await sql`
      create view pricing.published_progress as
        select generation, partition, priced_sequence from pricing.correction_progress`.execute(db);
    await sql`comment on view pricing.published_progress is 'For other services: PRICED behind priced_sequence is needed to know the state of corrected events.'`.execute(db);
    await sql`comment on table pricing.correction_progress is 'Every PRICED message up to priced_sequence is in the tables beside this one.'`.execute(db);
  },
};
