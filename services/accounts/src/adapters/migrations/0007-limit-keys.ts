import { type Kysely, sql } from 'kysely';

/** How much a key may do in a second. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql`
    alter table accounts.keys
      add column requests_per_second integer check (requests_per_second > 0),
      add column events_per_second integer check (events_per_second > 0)`.execute(db);
  await sql`
    create or replace view accounts.published_keys as
      select hash, id as key_id, customer_id, scopes, expires_at, revoked_at is not null as revoked, requests_per_second, events_per_second
      from accounts.keys`.execute(db);
}
