import { type AlertTransition, type AlertView } from '../application/ports.js';

/**
 * An alert as the API shows it: the same fields for every kind, null where they are no matter of it.
 *
 * @param toCustomer whether a customer reads it: who of the operator said something, and the notes, are none of its business
 */
export const alertJson = (alert: AlertView, toCustomer: boolean) => ({
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
  acknowledged_at: alert.acknowledgedAt?.toISOString() ?? null,
  acknowledged_by: toCustomer ? null : alert.acknowledgedBy,
  acknowledged_note: toCustomer ? null : alert.acknowledgedNote,
  resolved_at: alert.resolvedAt?.toISOString() ?? null,
  resolved_by: toCustomer ? null : alert.resolvedBy,
  resolved_note: toCustomer ? null : alert.resolvedNote,
});

/** A change of an alert as the API shows it. */
export const transitionJson = ({ change, crossingNumber, limit, value, at, by, note }: AlertTransition, toCustomer: boolean) => ({
  change,
  at: at.toISOString(),
  value,
  limit,
  crossing_number: crossingNumber,
  by: toCustomer ? null : by,
  note: toCustomer ? null : note,
});
