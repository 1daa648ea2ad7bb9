import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { maskedKey, maskKeys } from './mask-keys.js';

const hash = (key: string): string => `hash of ${key.length}`;

describe('a key that an event names', () => {
  it.each([
    ['pk_live_abc123', 'pk_live_…'],
    ['sk-ant-0123456789abcdefghij', 'sk-ant-…ghij'],
    ['0123456789abcdef', '…cdef'],
    ['short', '…'],
  ])('%s is kept as %s', (key, shown) => {
    expect(maskedKey(key)).toBe(shown);
  });

  it('is masked at any depth, its hash beside it; all else stays as it is', () => {
    const text = JSON.stringify({ a: [{ api_key_used: 'pk_live_abc123', n: 1.5 }], api_key_used: null, b: 'x' });
    expect(JSON.parse(maskKeys(text, hash))).toEqual({ a: [{ api_key_used: 'pk_live_…', api_key_hash: 'hash of 14', n: 1.5 }], api_key_used: null, b: 'x' });
    expect(maskKeys('{"b": 1}', hash)).toBe('{"b": 1}');
    expect(maskKeys('', hash)).toBe('');
  });

  it('never shows more than its kind and four characters', () => {
    fc.assert(
      fc.property(fc.string({ unit: fc.constantFrom(...'ABCDEFGH0123456789'), minLength: 16, maxLength: 64 }), (secret) => {
        expect(maskKeys(JSON.stringify({ deep: { api_key_used: `sk_live_${secret}` } }), hash)).not.toContain(secret.slice(-5));
      }),
    );
  });
});
