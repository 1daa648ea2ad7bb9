import { notifies } from '@ledgerline/domain-alerting';
import { type AlertUpdate, type GrownQuarantine, type QuotaCrossing } from './ports.js';

/** A customer reached a threshold, as it was when the alert was raised. Amounts are plain decimal texts. */
export interface ThresholdNews extends Pick<QuotaCrossing, 'customerId' | 'metric' | 'provider' | 'model' | 'limit' | 'value' | 'thresholdPercent' | 'periodStart' | 'quotaId' | 'limitVersion' | 'decidedAtUs'> {
  readonly kind: 'quota_threshold';
}

/** Much was held back within an hour. */
export interface GrowthNews extends Pick<GrownQuarantine, 'hourStartUs' | 'heldEvents' | 'threshold' | 'decidedAtUs'> {
  readonly kind: 'quarantine_growth';
}

/** An alert that was raised, with all that people are told of it. */
export type AlertNews = ThresholdNews | GrowthNews;

/** What of a batch is news to people: what notifies, and was decided at `sinceUs` or later. */
export function newsOf({ updates, raised }: { readonly updates: readonly AlertUpdate[]; readonly raised: readonly GrownQuarantine[] }, sinceUs: number): AlertNews[] {
  const crossings = updates.filter(({ change }) => change !== undefined && notifies(change)).map(({ crossing }) => thresholdNews(crossing));
  return [...crossings, ...raised.map(growthNews)].filter(({ decidedAtUs }) => decidedAtUs >= sinceUs);
}

const thresholdNews = ({ customerId, metric, provider, model, limit, value, thresholdPercent, periodStart, quotaId, limitVersion, decidedAtUs }: QuotaCrossing): ThresholdNews => ({
  kind: 'quota_threshold', customerId, metric, provider, model, limit, value, thresholdPercent, periodStart, quotaId, limitVersion, decidedAtUs,
});

const growthNews = ({ hourStartUs, heldEvents, threshold, decidedAtUs }: GrownQuarantine): GrowthNews => ({ kind: 'quarantine_growth', hourStartUs, heldEvents, threshold, decidedAtUs });
