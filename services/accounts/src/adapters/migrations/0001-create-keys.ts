import { KEYS_CHANNEL } from '@ledgerline/service-kit';
import { type Kysely, sql } from 'kysely';

/** Keys, and what every service reads of them. A trigger notifies, so that no way of changing a key can forget to. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql`
    create table accounts.keys (
      id uuid primary key default uuidv7(),
      name text not null,
      role text not null check (role in ('admin', 'producer')),
      prefix text not null,
      hash text not null unique check (hash ~ '^[0-9a-f]{64}$'),
      created_by uuid,
      created_at timestamptz not null default now(),
      revoked_at timestamptz
    )`.execute(db);
  await sql`
    create view accounts.published_keys as
      select hash, role, id as key_id, revoked_at is not null as revoked from accounts.keys`.execute(db);
  await sql`
    create function accounts.notify_keys() returns trigger language plpgsql as $$
    begin
      perform pg_notify('${sql.raw(KEYS_CHANNEL)}', '');
      return null;
    end $$`.execute(db);
  await sql`
    create trigger notify_keys after insert or update or delete or truncate on accounts.keys
      for each statement execute function accounts.notify_keys()`.execute(db);
}
