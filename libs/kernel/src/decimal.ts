/** A decimal text that cannot be taken exactly: not a number, or more places than the scale holds. */
export class DecimalError extends Error {
  constructor(readonly reason: string) {
    super(reason);
    this.name = 'DecimalError';
  }
}

const DECIMAL = /^(-?)(\d+)(?:\.(\d+))?$/;

/**
 * Reads a plain decimal text as an integer of 10^-scale.
 *
 * @param text digits with an optional sign and point, no exponent: `12.50`
 * @param scale places kept; further places must be zeros, nothing is rounded away
 * @throws DecimalError naming what was expected
 */
export function parseScaled(text: string, scale: number): bigint {
  const match = DECIMAL.exec(text);
  if (!match) throw new DecimalError('expected a plain decimal number such as 12.50');
  const fraction = (match[3] ?? '').replace(/0+$/, '');
  if (fraction.length > scale) throw new DecimalError(`expected at most ${scale} decimal places`);
  const value = BigInt(match[2]! + fraction.padEnd(scale, '0'));
  return match[1] ? -value : value;
}

/** Writes an integer of 10^-scale as a plain decimal: no exponent, no trailing zeros. */
export function formatScaled(value: bigint, scale: number): string {
  const negative = value < 0n;
  const digits = (negative ? -value : value).toString().padStart(scale + 1, '0');
  const whole = digits.slice(0, digits.length - scale);
  const fraction = digits.slice(digits.length - scale).replace(/0+$/, '');
  return `${negative ? '-' : ''}${whole}${fraction ? `.${fraction}` : ''}`;
}

/**
 * The decimal text a JSON number was written as, for amounts that clients send as numbers.
 *
 * A double carries 15 significant digits exactly as written; a value that needs more may have been
 * changed by the parser before anyone could see it, so it is refused rather than guessed.
 *
 * @throws DecimalError when the number is not finite or has more than 15 significant digits
 */
export function decimalTextOf(value: number): string {
  if (!Number.isFinite(value)) throw new DecimalError('expected a finite number');
  const text = expandExponent(String(value));
  const significant = text.replace(/[-.]/g, '').replace(/^0+/, '').replace(/0+$/, '');
  if (significant.length > 15) {
    throw new DecimalError('has more digits than a JSON number keeps; send it as a decimal string');
  }
  return text;
}

function expandExponent(text: string): string {
  const match = /^(-?)(\d+)(?:\.(\d+))?e([+-]\d+)$/.exec(text);
  if (!match) return text;
  const sign = match[1]!;
  const digits = match[2]! + (match[3] ?? '');
  const point = match[2]!.length + Number(match[4]);
  if (point <= 0) return `${sign}0.${'0'.repeat(-point)}${digits}`;
  if (point >= digits.length) return `${sign}${digits}${'0'.repeat(point - digits.length)}`;
  return `${sign}${digits.slice(0, point)}.${digits.slice(point)}`;
}
