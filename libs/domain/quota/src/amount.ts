import { DecimalError, fail, formatScaled, ok, parseScaled, type Result } from '@ledgerline/kernel';
import { METRIC_PLACES, type Metric } from './metric.js';

/** Amounts stay below this, so that they fit numeric(38, places) for every metric. */
const CEILING_DIGITS = 26;

/** Reads an amount of a metric from plain decimal text, exactly; the error says what was expected. */
export function parseAmount(metric: Metric, text: string): Result<bigint, string> {
  try {
    const amount = parseScaled(text, METRIC_PLACES[metric]);
    if (amount >= 10n ** BigInt(CEILING_DIGITS)) return fail(`expected an amount below 10^${CEILING_DIGITS - METRIC_PLACES[metric]}`);
    return ok(amount);
  } catch (error) {
    if (error instanceof DecimalError) return fail(error.reason);
    throw error;
  }
}

/** Writes an amount as plain decimal text: `1500000000n` seconds -> `"1.5"`. */
export const formatAmount = (metric: Metric, amount: bigint): string => formatScaled(amount, METRIC_PLACES[metric]);

/** Share of the limit that is used, in percent, cut (never rounded up) to two places: 79.999 % stays below 80. */
export function usedPercent(value: bigint, limit: bigint): number {
  const hundredths = (value * 10_000n) / limit;
  return Number(hundredths) / 100;
}
