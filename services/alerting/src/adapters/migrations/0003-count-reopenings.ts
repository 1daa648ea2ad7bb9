import { type Kysely, sql } from 'kysely';

/** How often an alert came again, as its history knows it. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql`alter table alerting.alerts add column reopened_count integer not null default 0`.execute(db);
  await sql`
    update alerting.alerts a set reopened_count = h.reopened
    from (select alert_id, count(*)::integer as reopened from alerting.alert_history where change = 'reopened' group by alert_id) h
    where h.alert_id = a.id`.execute(db);
}
