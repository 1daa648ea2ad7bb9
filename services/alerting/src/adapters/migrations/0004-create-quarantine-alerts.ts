import { type Kysely, sql } from 'kysely';

/** Alerts about an hour in which much was held back, beside those about quotas. The unique hour makes two for one hour impossible. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql`
    alter table alerting.alerts
      add column kind text not null default 'quota_threshold',
      add column hour_start timestamptz constraint alerts_hour unique,
      alter column quota_id drop not null,
      alter column limit_version drop not null,
      alter column period_start drop not null,
      alter column threshold_percent drop not null,
      alter column customer_id drop not null,
      alter column metric drop not null,
      add constraint alerts_kind check (case kind
        when 'quota_threshold' then hour_start is null
          and num_nulls(quota_id, limit_version, period_start, threshold_percent, customer_id, metric) = 0
        when 'quarantine_growth' then hour_start is not null
          and num_nonnulls(quota_id, limit_version, period_start, threshold_percent, customer_id, metric, provider, model) = 0
        else false end)`.execute(db);
  await sql`alter table alerting.alerts alter column kind drop default`.execute(db);
  await sql`
    alter table alerting.alert_history
      drop constraint alert_history_kind_check,
      add constraint alert_history_kind_check check (kind in ('crossed', 'uncrossed', 'grew'))`.execute(db);
}
