import { type AlertTransition, type AlertView } from '../application/ports.js';

/** An alert as the API shows it: the same fields for every kind, null where they are no matter of it. */
export const alertJson = (alert: AlertView) => ({
  id: alert.id,
  kind: alert.kind,
  quota_id: alert.quotaId,
  customer_id: alert.customerId,
  metric: alert.metric,
  provider: alert.provider,
  model: alert.model,
  limit: alert.limit,
  limit_version: alert.limitVersion,
  threshold_percent: alert.thresholdPercent,
  value: alert.value,
  period_start: alert.periodStart,
  hour_start: alert.hourStart?.toISOString() ?? null,
  status: alert.status,
  crossing_number: alert.crossingNumber,
  reopened_count: alert.reopenedCount,
  raised_at: alert.raisedAt.toISOString(),
  resolved_at: alert.resolvedAt?.toISOString() ?? null,
});

/** A change of an alert as the API shows it. */
export const transitionJson = ({ change, crossingNumber, limit, value, decidedAt }: AlertTransition) => ({
  change,
  at: decidedAt.toISOString(),
  value,
  limit,
  crossing_number: crossingNumber,
});
