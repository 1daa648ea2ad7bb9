import { type Kysely, sql } from 'kysely';

/** Customers, and how far they were read from the QUOTA stream. Ids compare by bytes, as in the events. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql`
    create table accounts.customers (
      customer_id text collate "C" primary key,
      name text,
      created_by text not null check (created_by in ('event', 'admin')),
      created_at timestamptz not null default now()
    )`.execute(db);
  await sql`
    create view accounts.published_customers as
      select customer_id, name, created_by, created_at from accounts.customers`.execute(db);
  await sql`
    create table accounts.stream_positions (
      stream text primary key,
      sequence bigint not null,
      stream_created text not null,
      message_digest text not null,
      highest_seen bigint not null,
      updated_at timestamptz not null default now()
    )`.execute(db);
}
