import { type Kysely, sql } from 'kysely';

/** The user that a key acts for, within its customer or the operator. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql`alter table accounts.keys add column user_id text collate "C"`.execute(db);
  await sql`
    create or replace view accounts.published_keys as
      select hash, id as key_id, customer_id, scopes, expires_at, revoked_at is not null as revoked, requests_per_second, events_per_second, user_id
      from accounts.keys`.execute(db);
}
