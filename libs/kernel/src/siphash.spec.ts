import { describe, expect, it } from '@jest/globals';
import { sipKey, siphash128 } from './siphash.js';

const key = sipKey(Uint8Array.from({ length: 16 }, (_, i) => i));

function hex(length: number): string {
  const input = Uint8Array.from({ length }, (_, i) => i);
  const out = new Uint32Array(4);
  siphash128(key, input, length, out);
  return [...new Uint8Array(out.buffer)].map((byte) => byte.toString(16).padStart(2, '0')).join('');
}

describe('siphash128', () => {
  // From `openssl mac -macopt hexkey:000102…0f -macopt size:16 SIPHASH` over the bytes 00, 01, ….
  it.each([
    [0, 'a3817f04ba25a8e66df67214c7550293'],
    [1, 'da87c1d86b99af44347659119b22fc45'],
    [7, 'a1f1ebbed8dbc153c0b84aa61ff08239'],
    [8, '3b62a9ba6258f5610f83e264f31497b4'],
    [9, '264499060ad9baabc47f8b02bb6d71ed'],
    [15, '5493e99933b0a8117e08ec0f97cfc3d9'],
    [16, '6ee2a4ca67b054bbfd3315bf85230577'],
    [31, '2939b0183223fafc1723de4f52c43d35'],
    [50, 'a590d3ee4fbf04e3247e0d27f286423f'],
    [63, '5150d1772f50834a503e069a973fbd7c'],
    [300, 'ce005a406d14b36d5386b5f7a7e1b311'],
  ])('gives the reference result for %i bytes', (length, expected) => {
    expect(hex(length)).toBe(expected);
  });

  it('refuses a key of another length', () => {
    expect(() => sipKey(new Uint8Array(15))).toThrow('16 bytes');
  });
});
