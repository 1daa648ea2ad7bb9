import { type Kysely, sql } from 'kysely';

/** How many events were held back, by the hour in which the broker recorded them. One row an hour, kept: it says what was announced. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql`
    create table quota.quarantine_hours (
      hour_start timestamptz primary key,
      held_events bigint not null,
      announced boolean not null default false
    )`.execute(db);
}
