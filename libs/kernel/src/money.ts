import { formatScaled, parseScaled } from './decimal.js';

/** Places of an amount of money: 1e-12 USD, the unit every amount is an integer of. */
export const USD_SCALE = 12;

/** One US dollar in units of 1e-12 USD. */
export const PICO_PER_USD = 1_000_000_000_000n;

/** `"0.075"` -> 75000000000n. @throws DecimalError on anything but a plain decimal of up to 12 places. */
export const parseUsd = (text: string): bigint => parseScaled(text, USD_SCALE);

/** 75000000000n -> `"0.075"`. */
export const formatUsd = (pico: bigint): string => formatScaled(pico, USD_SCALE);

/** Places of the decimal quantities (seconds, credits, units). */
export const QUANTITY_SCALE = 9;

/** `"1.5"` -> 1500000000n (1e-9). @throws DecimalError */
export const parseDecimal9 = (text: string): bigint => parseScaled(text, QUANTITY_SCALE);

/** 1500000000n -> `"1.5"`. */
export const formatDecimal9 = (nano: bigint): string => formatScaled(nano, QUANTITY_SCALE);

/**
 * Divides and rounds half to even, the one rounding a line item gets (docs/adr on money).
 *
 * @param denominator greater than zero
 */
export function divideHalfEven(numerator: bigint, denominator: bigint): bigint {
  const negative = numerator < 0n;
  const n = negative ? -numerator : numerator;
  const quotient = n / denominator;
  const twice = (n % denominator) * 2n;
  const up = twice > denominator || (twice === denominator && (quotient & 1n) === 1n);
  const rounded = up ? quotient + 1n : quotient;
  return negative ? -rounded : rounded;
}
