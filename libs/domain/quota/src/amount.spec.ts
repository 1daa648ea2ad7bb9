import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { formatAmount, parseAmount, usedPercent } from './amount.js';
import { METRICS } from './metric.js';

describe('amounts', () => {
  it('are read and written without losing a digit', () => {
    fc.assert(
      fc.property(fc.constantFrom(...METRICS), fc.bigInt({ min: 0n, max: 10n ** 26n - 1n }), (metric, amount) => {
        expect(parseAmount(metric, formatAmount(metric, amount))).toEqual({ ok: true, value: amount });
      }),
    );
  });

  it('have no more places than their metric', () => {
    expect(parseAmount('tokens', '1.5').ok).toBe(false);
    expect(parseAmount('seconds', '1.0000000001').ok).toBe(false);
    expect(parseAmount('cost_usd', '0.000000000001')).toEqual({ ok: true, value: 1n });
  });

  it('stay within what the database holds', () => {
    expect(parseAmount('cost_usd', `1${'0'.repeat(14)}`).ok).toBe(false);
    expect(parseAmount('tokens', `1${'0'.repeat(26)}`).ok).toBe(false);
    expect(parseAmount('tokens', `1${'0'.repeat(25)}`).ok).toBe(true);
  });

  it('never show a share that was not reached', () => {
    expect(usedPercent(799_999n, 1_000_000n)).toBe(79.99);
    expect(usedPercent(800_000n, 1_000_000n)).toBe(80);
  });
});
