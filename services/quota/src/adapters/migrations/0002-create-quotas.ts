import { type Kysely, sql } from 'kysely';

/** Quotas, what stands in their windows, and the decisions that wait to be published. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql`
    create table quota.quotas (
      id uuid primary key,
      customer_id text collate "C" not null,
      metric text not null check (metric in ('tokens', 'characters', 'seconds', 'credits', 'requests', 'cost_usd')),
      provider text collate "C",
      model text collate "C",
      limit_value numeric(38, 12) not null check (limit_value > 0),
      limit_version integer not null default 1,
      thresholds integer[] not null,
      created_at timestamptz not null default now(),
      updated_at timestamptz not null default now(),
      constraint quotas_scope unique nulls not distinct (customer_id, metric, provider, model)
    )`.execute(db);
  await sql`
    create table quota.windows (
      quota_id uuid not null references quota.quotas on delete cascade,
      period_start date not null,
      threshold_percent integer not null,
      limit_version integer not null,
      crossed boolean not null,
      crossing_number integer not null,
      primary key (quota_id, period_start, threshold_percent)
    )`.execute(db);
  await sql`
    create table quota.outbox (
      id bigint generated always as identity primary key,
      event_id text not null unique,
      subject text not null,
      payload bytea not null,
      created_at timestamptz not null default now()
    )`.execute(db);
}
