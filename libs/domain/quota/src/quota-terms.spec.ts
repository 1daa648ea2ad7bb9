import { describe, expect, it } from '@jest/globals';
import { quotaTerms } from './quota-terms.js';

describe('quota terms', () => {
  it('default to 80 and 100 percent', () => {
    expect(quotaTerms('tokens', '1000')).toEqual({ ok: true, value: { limit: 1000n, thresholds: [80, 100] } });
  });

  it('keep thresholds in ascending order', () => {
    expect(quotaTerms('cost_usd', '0.5', [100, 50])).toEqual({ ok: true, value: { limit: 500_000_000_000n, thresholds: [50, 100] } });
  });

  it.each([
    ['0', [80], 'limit'],
    ['-1', [80], 'limit'],
    ['1e3', [80], 'limit'],
    ['1000', [], 'thresholds'],
    ['1000', [80, 80], 'thresholds'],
    ['1000', [0], 'thresholds'],
    ['1000', [80.5], 'thresholds'],
    ['1000', [1001], 'thresholds'],
  ])('refuse limit %s with thresholds %j, naming %s', (limit, thresholds, field) => {
    expect(quotaTerms('tokens', limit, thresholds)).toMatchObject({ ok: false, error: [{ field }] });
  });
});
