/**
 * What a quota can limit, with the decimal places its amounts are exact to.
 *
 * An amount is a bigint of 10^-places of the metric's unit: tokens, characters and requests are whole,
 * seconds and credits count in 1e-9, cost in 1e-12 USD. No amount is ever a float.
 */
export const METRIC_PLACES = {
  tokens: 0,
  characters: 0,
  seconds: 9,
  credits: 9,
  requests: 0,
  cost_usd: 12,
} as const;

export type Metric = keyof typeof METRIC_PLACES;

export const METRICS = Object.keys(METRIC_PLACES) as readonly Metric[];

export const isMetric = (text: string): text is Metric => Object.hasOwn(METRIC_PLACES, text);
