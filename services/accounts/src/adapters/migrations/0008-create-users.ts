import { type Kysely, sql } from 'kysely';

/** Users of an outside identity provider, and whose they are: of one customer, or of the operator. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql`
    create table accounts.users (
      user_id uuid primary key default uuidv7(),
      subject text collate "C" not null unique,
      email text,
      name text,
      created_at timestamptz not null default now()
    )`.execute(db);
  await sql`
    create table accounts.memberships (
      user_id uuid primary key references accounts.users on delete cascade,
      customer_id text collate "C",
      role text not null,
      constraint memberships_role check (case when customer_id is null then role in ('admin', 'viewer') else role in ('admin', 'member') end)
    )`.execute(db);
  await sql`create index memberships_customer on accounts.memberships (customer_id, user_id)`.execute(db);
  await sql`
    create view accounts.published_members as
      select u.subject, u.user_id, m.customer_id,
        case m.role when 'admin' then array['ingest', 'read', 'admin'] when 'member' then array['ingest', 'read'] else array['read'] end as scopes
      from accounts.users u join accounts.memberships m using (user_id)`.execute(db);
  // Those who follow the keys follow the memberships by the same notice.
  await sql`
    create trigger notify_members after insert or update or delete or truncate on accounts.memberships
      for each statement execute function accounts.notify_keys()`.execute(db);
}
