import { fail, ok, type Result } from '@ledgerline/kernel';
import { parseAmount } from './amount.js';
import { type Metric } from './metric.js';

/** Percent of the limit at which an alert is raised when nothing else is asked for. */
export const DEFAULT_THRESHOLDS: readonly number[] = [80, 100];

const MOST_THRESHOLDS = 10;
const HIGHEST_PERCENT = 1000;

/** Why a term of a quota cannot hold. */
export interface TermError {
  readonly field: 'limit' | 'thresholds';
  readonly reason: string;
}

/** What can be changed of a quota: the limit (an amount of its metric) and ascending thresholds in percent. */
export interface QuotaTerms {
  readonly limit: bigint;
  readonly thresholds: readonly number[];
}

/**
 * Checks the terms of a quota.
 *
 * @param limit plain decimal text, greater than zero, in the metric's unit
 * @param thresholds whole percents, in any order, without repetition
 */
export function quotaTerms(
  metric: Metric,
  limit: string,
  thresholds: readonly number[] = DEFAULT_THRESHOLDS,
): Result<QuotaTerms, TermError[]> {
  const errors: TermError[] = [];
  const amount = parseAmount(metric, limit);
  if (!amount.ok) errors.push({ field: 'limit', reason: amount.error });
  else if (amount.value <= 0n) errors.push({ field: 'limit', reason: 'expected a limit above 0' });
  const thresholdsReason = whyThresholdsFail(thresholds);
  if (thresholdsReason !== undefined) errors.push({ field: 'thresholds', reason: thresholdsReason });
  if (!amount.ok || errors.length > 0) return fail(errors);
  return ok({ limit: amount.value, thresholds: [...thresholds].sort((a, b) => a - b) });
}

function whyThresholdsFail(thresholds: readonly number[]): string | undefined {
  if (thresholds.length < 1 || thresholds.length > MOST_THRESHOLDS) return `expected 1 to ${MOST_THRESHOLDS} thresholds`;
  if (thresholds.some((percent) => !Number.isInteger(percent) || percent < 1 || percent > HIGHEST_PERCENT)) {
    return `expected whole percents from 1 to ${HIGHEST_PERCENT}`;
  }
  if (new Set(thresholds).size !== thresholds.length) return 'expected each threshold once';
  return undefined;
}
