import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { decimalTextOf, formatScaled, parseScaled } from './decimal.js';
import { divideHalfEven, formatUsd, parseUsd } from './money.js';

describe('money', () => {
  it('reads back exactly what it wrote, for every amount', () => {
    fc.assert(fc.property(fc.bigInt({ min: -(10n ** 38n), max: 10n ** 38n }), (pico) => parseUsd(formatUsd(pico)) === pico));
  });

  it('refuses an amount finer than it can hold instead of rounding it', () => {
    expect(() => parseUsd('0.0000000000001')).toThrow('12 decimal places');
    expect(parseUsd('0.1000000000000000')).toBe(100_000_000_000n);
  });

  it.each(['', '1e3', '.5', '5.', 'NaN', '0x10', '1,000', ' 1'])('refuses %p', (text) => {
    expect(() => parseUsd(text)).toThrow('plain decimal');
  });

  it('takes a JSON number as the digits it was written with', () => {
    fc.assert(
      fc.property(fc.bigInt({ min: 0n, max: 999_999_999_999_999n }), fc.integer({ min: 0, max: 12 }), (digits, scale) => {
        const text = formatScaled(digits, scale);
        return parseScaled(decimalTextOf(JSON.parse(text) as number), 12) === parseScaled(text, 12);
      }),
    );
  });

  it('refuses a JSON number with more digits than a double keeps', () => {
    expect(() => decimalTextOf(0.1 + 0.2)).toThrow('decimal string');
    expect(decimalTextOf(1e-7)).toBe('0.0000001');
    expect(decimalTextOf(1e21)).toBe('1000000000000000000000');
  });

  it('rounds half to even, symmetrically around zero', () => {
    expect([1n, 3n, 5n, -1n, -3n].map((n) => divideHalfEven(n, 2n))).toEqual([0n, 2n, 2n, 0n, -2n]);
    fc.assert(
      fc.property(fc.bigInt(), fc.bigInt({ min: 1n, max: 10n ** 20n }), (n, d) => {
        const error = divideHalfEven(n, d) * d - n;
        return (error < 0n ? -error : error) * 2n <= d;
      }),
    );
  });
});
