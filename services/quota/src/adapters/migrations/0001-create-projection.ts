import { type Kysely, sql } from 'kysely';

/**
 * The projection and its position.
 *
 * Texts compare by bytes (COLLATE "C"), so that sorting is the same everywhere. Amounts are numeric: no sum can overflow. Nearly
 * every write updates a row that is there, and a large batch updates whole pages: the fill factor leaves room on each page for a second
 * version of all its rows, so that no index entry is ever added for an update (at 70 half of them needed one, and took twice as long).
 */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql`
    create table quota.usage_sums (
      id bigint generated always as identity unique,
      customer_id text collate "C" not null,
      period_start date not null,
      provider text collate "C" not null,
      model text collate "C" not null,
      event_count bigint not null default 0,
      requests numeric(38, 0) not null default 0,
      tokens numeric(38, 0) not null default 0,
      characters numeric(38, 0) not null default 0,
      seconds numeric(38, 9) not null default 0,
      credits numeric(38, 9) not null default 0,
      cost_usd numeric(38, 12) not null default 0,
      unpriced_events bigint not null default 0,
      primary key (customer_id, period_start, provider, model)
    ) with (fillfactor = 45)`.execute(db);
  await sql`
    create table quota.checkpoints (
      generation integer not null,
      partition integer not null,
      sequence bigint not null default 0,
      source_sequence bigint not null default 0,
      stream_created text not null default '',
      message_digest text not null default '',
      highest_seen bigint not null default 0,
      updated_at timestamptz not null default now(),
      primary key (generation, partition)
    ) with (fillfactor = 50)`.execute(db);
  await sql`
    create table quota.customers_seen (
      customer_id text collate "C" primary key,
      first_seen_at timestamptz not null default now()
    )`.execute(db);
  await sql`
    create view quota.published_progress as
      select generation, partition, sequence, source_sequence, updated_at from quota.checkpoints`.execute(db);
  await sql`
    create view quota.published_sums as
      select customer_id, period_start, provider, model, event_count, requests, tokens, characters, seconds, credits, cost_usd, unpriced_events
      from quota.usage_sums`.execute(db);
}
