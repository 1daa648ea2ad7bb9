import { formatAmount, monthStartText, usedPercent } from '@ledgerline/domain-quota';
import { type QuotaView } from '../application/ports.js';

/** A quota as the API shows it. */
export const quotaJson = ({ quota, month, value, createdAt, updatedAt }: QuotaView) => ({
  id: quota.id,
  customer_id: quota.customerId,
  metric: quota.metric,
  provider: quota.provider,
  model: quota.model,
  limit: formatAmount(quota.metric, quota.terms.limit),
  period: 'month',
  thresholds: quota.terms.thresholds,
  version: quota.limitVersion,
  value: formatAmount(quota.metric, value),
  used_percent: usedPercent(value, quota.terms.limit),
  period_start: monthStartText(month),
  created_at: createdAt.toISOString(),
  updated_at: updatedAt.toISOString(),
});
