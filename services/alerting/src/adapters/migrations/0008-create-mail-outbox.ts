import { type Kysely, sql } from 'kysely';

/**
 * Mails about alerts, each written with its alert. The primary key is what makes telling of an alert twice impossible; rows stay for that.
 * `mail_since` has its one row while mails are configured: what was decided before is not told.
 */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql`
    create table alerting.mail_outbox (
      alert_id uuid primary key,
      about jsonb not null,
      state text not null default 'waiting' check (state in ('waiting', 'sent', 'failed')),
      attempts integer not null default 0,
      queued_at timestamptz not null,
      due_at timestamptz not null,
      ended_at timestamptz,
      last_error text
    )`.execute(db);
  await sql`create index mail_outbox_due on alerting.mail_outbox (due_at) where state = 'waiting'`.execute(db);
  await sql`create table alerting.mail_since (only_row boolean primary key default true check (only_row), since timestamptz not null)`.execute(db);
}
