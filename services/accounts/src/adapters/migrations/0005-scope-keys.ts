import { type Kysely, sql } from 'kysely';

/** What a key may be used for, whose it is, until when, and when it was last used. What was an admin key is the operator's for everything. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql`drop view accounts.published_keys`.execute(db);
  await sql`
    alter table accounts.keys
      add column scopes text[],
      add column customer_id text collate "C",
      add column expires_at timestamptz`.execute(db);
  await sql`update accounts.keys set scopes = case role when 'admin' then array['ingest', 'read', 'admin'] else array['ingest'] end`.execute(db);
  await sql`
    alter table accounts.keys
      alter column scopes set not null,
      add constraint keys_scopes check (cardinality(scopes) > 0 and scopes <@ array['ingest', 'read', 'admin']),
      drop column role`.execute(db);
  await sql`
    create view accounts.published_keys as
      select hash, id as key_id, customer_id, scopes, expires_at, revoked_at is not null as revoked from accounts.keys`.execute(db);
  // Beside the keys: a use must not make every service read all keys again.
  await sql`
    create table accounts.key_uses (
      key_id uuid primary key references accounts.keys on delete cascade,
      last_used_at timestamptz not null
    )`.execute(db);
  await sql`
    create function accounts.note_key_uses(used uuid[]) returns void language sql as $$
      insert into accounts.key_uses (key_id, last_used_at)
      select id, now() from accounts.keys where id = any (used) order by id
      on conflict (key_id) do update set last_used_at = excluded.last_used_at
    $$`.execute(db);
}
