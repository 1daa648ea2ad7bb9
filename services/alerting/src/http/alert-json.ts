import { type AlertView } from '../application/ports.js';

/** An alert as the API shows it. */
export const alertJson = (alert: AlertView) => ({
  id: alert.id,
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
  status: alert.status,
  crossing_number: alert.crossingNumber,
  raised_at: alert.raisedAt.toISOString(),
  resolved_at: alert.resolvedAt?.toISOString() ?? null,
});
