import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { openText, type Seal, sealText } from './sealed-text.js';

const seals = fc.record({ secret: fc.string({ minLength: 1 }), key: fc.string({ minLength: 1, maxLength: 255, unit: 'grapheme-ascii' }), of: fc.string() });

describe('a sealed text', () => {
  it('opens with what it was sealed with', () => {
    fc.assert(fc.property(fc.string({ unit: 'binary' }), seals, (text, seal) => expect(openText(sealText(text, seal), seal)).toBe(Buffer.from(text).toString())));
  });

  it('opens with nothing else: neither the secret, nor the key, nor what it belongs to may differ', () => {
    fc.assert(
      fc.property(fc.string(), seals, seals, fc.subarray(['secret', 'key', 'of'] as const, { minLength: 1 }), (text, seal, other, differing) => {
        const wrong: Seal = { ...seal, ...Object.fromEntries(differing.map((name) => [name, other[name]])) };
        fc.pre(differing.some((name) => wrong[name] !== seal[name]));
        expect(openText(sealText(text, seal), wrong)).toBeNull();
      }),
    );
  });

  it('does not open when any bit of it was touched, or an end is missing', () => {
    fc.assert(
      fc.property(fc.string({ minLength: 1 }), seals, fc.nat(), fc.integer({ min: 0, max: 7 }), (text, seal, at, bit) => {
        const sealed = sealText(text, seal);
        const touched = Buffer.from(sealed);
        touched[at % touched.length]! ^= 1 << bit;
        expect(openText(touched, seal)).toBeNull();
        expect(openText(sealed.subarray(0, at % sealed.length), seal)).toBeNull();
      }),
    );
  });

  it('shows nothing of the text, and is another one each time', () => {
    const seal = { secret: 's', key: 'k', of: 'o' };
    const [one, other] = [sealText('hunter2hunter2', seal), sealText('hunter2hunter2', seal)];
    expect(one.includes('hunter2')).toBe(false);
    expect(one.equals(other)).toBe(false);
  });
});
