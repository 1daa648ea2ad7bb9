import { type Kysely, sql } from 'kysely';

/**
 * Alerts, the decisions behind them, and the position in the QUOTA stream.
 *
 * The primary key of the history is what makes a decision that is published twice one decision; the unique subject is what makes two
 * alerts for one crossing impossible.
 */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql`
    create table alerting.alerts (
      id uuid primary key,
      quota_id uuid not null,
      limit_version integer not null,
      period_start date not null,
      threshold_percent integer not null,
      customer_id text collate "C" not null,
      metric text not null,
      provider text,
      model text,
      limit_value numeric not null,
      value numeric not null,
      status text not null check (status in ('active', 'resolved')),
      crossing_number integer not null,
      raised_at timestamptz not null,
      resolved_at timestamptz,
      constraint alerts_subject unique (quota_id, limit_version, period_start, threshold_percent)
    )`.execute(db);
  await sql`create index alerts_newest on alerting.alerts (raised_at desc, id desc)`.execute(db);
  await sql`create index alerts_of_customer on alerting.alerts (customer_id, raised_at desc, id desc)`.execute(db);
  await sql`
    create table alerting.alert_history (
      event_id text primary key,
      alert_id uuid not null,
      kind text not null check (kind in ('crossed', 'uncrossed')),
      change text check (change in ('raised', 'reopened', 'resolved')),
      crossing_number integer not null,
      limit_value numeric not null,
      value numeric not null,
      decided_at timestamptz not null,
      positions jsonb not null,
      recorded_at timestamptz not null default now()
    )`.execute(db);
  await sql`create index alert_history_of_alert on alerting.alert_history (alert_id, decided_at)`.execute(db);
  await sql`
    create table alerting.checkpoints (
      stream text primary key,
      sequence bigint not null default 0,
      stream_created text not null default '',
      message_digest text not null default '',
      highest_seen bigint not null default 0,
      updated_at timestamptz not null default now()
    )`.execute(db);
}
