import { type AlertStatement, standingOf } from '@ledgerline/domain-alerting';
import { type AlertView } from '../application/ports.js';
import { fromUs, stateFromRow, toUs } from './mapping.js';
import { type StandingAlertRow } from './postgres-alert-reader.js';

/** An alert as it stands, from its row and what was said of its crossing. */
export function viewFromRow(row: StandingAlertRow): AlertView {
  const crossingNumber = row.crossing_number;
  const said: AlertStatement[] = [];
  if (row.seen_at !== null) said.push({ kind: 'acknowledged', crossingNumber, saidAtUs: toUs(row.seen_at) });
  if (row.ended_at !== null) said.push({ kind: 'resolved', crossingNumber, saidAtUs: toUs(row.ended_at) });
  const { status, resolvedAtUs, acknowledgedAtUs } = standingOf(stateFromRow(row), said);
  const byHand = row.ended_at !== null && resolvedAtUs === toUs(row.ended_at);
  return {
    id: row.id,
    kind: row.kind,
    quotaId: row.quota_id,
    limitVersion: row.limit_version,
    customerId: row.customer_id,
    metric: row.metric,
    thresholdPercent: row.threshold_percent,
    periodStart: row.period_start,
    hourStart: row.hour_start,
    provider: row.provider,
    model: row.model,
    limit: row.limit,
    value: row.value,
    status,
    crossingNumber,
    raisedAt: row.raised_at,
    reopenedCount: row.reopened_count,
    acknowledgedAt: acknowledgedAtUs === null ? null : fromUs(acknowledgedAtUs),
    acknowledgedBy: row.seen_by,
    acknowledgedNote: row.seen_note,
    resolvedAt: resolvedAtUs === null ? null : fromUs(resolvedAtUs),
    resolvedBy: byHand ? row.ended_by : null,
    resolvedNote: byHand ? row.ended_note : null,
  };
}
