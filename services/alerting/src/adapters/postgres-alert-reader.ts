import { type Kysely, sql } from 'kysely';
import { type AlertFilter, type AlertReader, type AlertView } from '../application/ports.js';
import { type AlertingDatabase } from './alerting-database.js';

export class PostgresAlertReader implements AlertReader {
  constructor(private readonly db: Kysely<AlertingDatabase>) {}

  async list({ customerId, quotaId, status, behind, limit }: AlertFilter): Promise<AlertView[]> {
    let query = this.db
      .selectFrom('alerting.alerts')
      .select(['id', 'quota_id as quotaId', 'limit_version as limitVersion', 'customer_id as customerId', 'metric', 'provider', 'model'])
      .select([
        'threshold_percent as thresholdPercent',
        'status',
        'crossing_number as crossingNumber',
        'raised_at as raisedAt',
        'resolved_at as resolvedAt',
      ])
      .select([
        sql<string>`trim_scale(limit_value)::text`.as('limit'),
        sql<string>`trim_scale(value)::text`.as('value'),
        sql<string>`period_start::text`.as('periodStart'),
      ])
      .orderBy('raised_at', 'desc')
      .orderBy('id', 'desc')
      .limit(limit);
    if (customerId !== undefined) query = query.where('customer_id', '=', customerId);
    if (quotaId !== undefined) query = query.where('quota_id', '=', quotaId);
    if (status !== undefined) query = query.where('status', '=', status);
    if (behind !== undefined) query = query.where(sql<boolean>`(raised_at, id) < (${behind.raisedAt}, ${behind.id}::uuid)`);
    return query.execute();
  }
}
