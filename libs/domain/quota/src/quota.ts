import { type Metric } from './metric.js';
import { type QuotaTerms } from './quota-terms.js';

/** A limit on what one customer uses in a calendar month, of one metric, and if told so of one provider or model. */
export interface Quota {
  readonly id: string;
  readonly customerId: string;
  readonly metric: Metric;
  /** null: of every provider. */
  readonly provider: string | null;
  /** null: of every model. */
  readonly model: string | null;
  readonly terms: QuotaTerms;
  /** 1 at first; one more each time the limit changes. */
  readonly limitVersion: number;
}

/**
 * A quota under new terms. Another limit is a new version, whose thresholds are decided anew; other
 * thresholds on the same limit keep the version, so that what was raised for it stays.
 */
export function underNewTerms(quota: Quota, terms: QuotaTerms): Quota {
  return { ...quota, terms, limitVersion: quota.limitVersion + (terms.limit === quota.terms.limit ? 0 : 1) };
}
