import { type Kysely, sql } from 'kysely';
import { type AlertChange } from '@ledgerline/domain-alerting';
import { type AlertFilter, type AlertReader, type AlertTransition, type AlertView } from '../application/ports.js';
import { type AlertingDatabase } from './alerting-database.js';

export class PostgresAlertReader implements AlertReader {
  constructor(private readonly db: Kysely<AlertingDatabase>) {}

  async list({ kind, customerId, quotaId, status, behind, limit }: AlertFilter): Promise<AlertView[]> {
    let query = this.alerts().orderBy('raised_at', 'desc').orderBy('id', 'desc').limit(limit);
    if (kind !== undefined) query = query.where('kind', '=', kind);
    if (customerId !== undefined) query = query.where('customer_id', '=', customerId);
    if (quotaId !== undefined) query = query.where('quota_id', '=', quotaId);
    if (status !== undefined) query = query.where('status', '=', status);
    if (behind !== undefined) query = query.where(sql<boolean>`(raised_at, id) < (${behind.raisedAt}, ${behind.id}::uuid)`);
    return query.execute();
  }

  find(id: string): Promise<AlertView | undefined> {
    return this.alerts().where('id', '=', id).executeTakeFirst();
  }

  async historyOf(id: string): Promise<AlertTransition[]> {
    const rows = await this.db
      .selectFrom('alerting.alert_history')
      .select(['change', 'crossing_number as crossingNumber', 'decided_at as decidedAt'])
      .select([sql<string>`trim_scale(limit_value)::text`.as('limit'), sql<string>`trim_scale(value)::text`.as('value')])
      .where('alert_id', '=', id)
      .where('change', 'is not', null)
      // Clocks of two copies may differ; the number of a crossing, and that it is crossed before it is uncrossed, cannot.
      .orderBy('crossing_number')
      .orderBy('kind')
      .execute();
    return rows.map((row) => ({ ...row, change: row.change as AlertChange }));
  }

  private alerts() {
    return this.db
      .selectFrom('alerting.alerts')
      .select(['id', 'kind', 'quota_id as quotaId', 'limit_version as limitVersion', 'customer_id as customerId', 'metric', 'provider', 'model'])
      .select(['threshold_percent as thresholdPercent', 'hour_start as hourStart', 'status', 'crossing_number as crossingNumber'])
      .select(['raised_at as raisedAt', 'reopened_count as reopenedCount', 'resolved_at as resolvedAt'])
      .select([
        sql<string>`trim_scale(limit_value)::text`.as('limit'),
        sql<string>`trim_scale(value)::text`.as('value'),
        sql<string | null>`period_start::text`.as('periodStart'),
      ]);
  }
}
