import { type Change, transactionOf } from '@ledgerline/administration';
import { type Kysely, sql } from 'kysely';
import { type AlertFilter, type AlertReader, type AlertTransition, type AlertView } from '../application/ports.js';
import { type AlertingDatabase } from './alerting-database.js';
import { viewFromRow } from './alert-view.js';

/** Alerts as they are read: what was decided, joined with what people said of the crossing that each is at. */
export class PostgresAlertReader implements AlertReader {
  constructor(private readonly db: Kysely<AlertingDatabase>) {}

  async list({ kind, customerId, quotaId, status, acknowledged, behind, limit }: AlertFilter): Promise<AlertView[]> {
    let query = standingAlerts(this.db).orderBy('a.raised_at', 'desc').orderBy('a.id', 'desc').limit(limit);
    if (kind !== undefined) query = query.where('a.kind', '=', kind);
    if (customerId !== undefined) query = query.where('a.customer_id', '=', customerId);
    if (quotaId !== undefined) query = query.where('a.quota_id', '=', quotaId);
    // As standingOf says it of one.
    if (status === 'active') query = query.where('a.status', '=', 'active').where('ended.alert_id', 'is', null);
    if (status === 'resolved') query = query.where((or) => or.or([or('a.status', '=', 'resolved'), or('ended.alert_id', 'is not', null)]));
    if (acknowledged !== undefined) query = query.where('seen.alert_id', acknowledged ? 'is not' : 'is', null);
    if (behind !== undefined) query = query.where(sql<boolean>`(a.raised_at, a.id) < (${behind.raisedAt}, ${behind.id}::uuid)`);
    return (await query.execute()).map(viewFromRow);
  }

  async find(id: string, change?: Change): Promise<AlertView | undefined> {
    const row = await standingAlerts(change ? transactionOf<AlertingDatabase>(change) : this.db).where('a.id', '=', id).executeTakeFirst();
    return row && viewFromRow(row);
  }

  async historyOf(id: string): Promise<AlertTransition[]> {
    // Clocks of two copies may differ; the number of a crossing, and that everything about it follows it, cannot. What was said has the
    // value and limit of the crossing that it is about.
    const { rows } = await sql<AlertTransition>`
      select change, crossing_number as "crossingNumber", trim_scale(limit_value)::text as "limit", trim_scale(value)::text as value,
        at, said_by as by, note
      from (
        select change, crossing_number, limit_value, value, decided_at as at, null as said_by, null as note, kind in ('crossed', 'grew') as begins
        from alerting.alert_history where alert_id = ${id} and change is not null
        union all
        select s.kind, s.crossing_number, h.limit_value, h.value, s.said_at, s.said_by, s.note, false
        from alerting.alert_statements s join alerting.alert_history h using (alert_id, crossing_number)
        where s.alert_id = ${id} and h.change in ('raised', 'reopened')
      ) all_changes
      order by crossing_number, begins desc, at, change`.execute(this.db);
    return rows;
  }
}

const standingAlerts = (db: Kysely<AlertingDatabase>) =>
  db
    .selectFrom('alerting.alerts as a')
    .leftJoin('alerting.alert_statements as seen', (join) =>
      join.onRef('seen.alert_id', '=', 'a.id').onRef('seen.crossing_number', '=', 'a.crossing_number').on('seen.kind', '=', 'acknowledged'),
    )
    .leftJoin('alerting.alert_statements as ended', (join) =>
      join.onRef('ended.alert_id', '=', 'a.id').onRef('ended.crossing_number', '=', 'a.crossing_number').on('ended.kind', '=', 'resolved'),
    )
    .select(['a.id', 'a.kind', 'a.quota_id', 'a.limit_version', 'a.customer_id', 'a.metric', 'a.provider', 'a.model', 'a.threshold_percent', 'a.hour_start'])
    .select(['a.status', 'a.crossing_number', 'a.raised_at', 'a.reopened_count', 'a.resolved_at'])
    .select(['seen.said_at as seen_at', 'seen.said_by as seen_by', 'seen.note as seen_note', 'ended.said_at as ended_at', 'ended.said_by as ended_by', 'ended.note as ended_note'])
    .select([
      sql<string>`trim_scale(a.limit_value)::text`.as('limit'),
      sql<string>`trim_scale(a.value)::text`.as('value'),
      sql<string | null>`a.period_start::text`.as('period_start'),
    ]);

export type StandingAlertRow = Awaited<ReturnType<ReturnType<typeof standingAlerts>['executeTakeFirstOrThrow']>>;
