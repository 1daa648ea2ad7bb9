import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { claimant } from '../test/claims.js';
import { idWords, MAX_ID_BYTES, PackedIdentity } from './packed-identity.js';

function packed(id: string): { idBytes: number; words: number[] } {
  const identity = new PackedIdentity();
  // Whatever an earlier identity left behind must not matter.
  identity.idWords.fill(0xffff_ffff);
  identity.set(claimant(0, { id }));
  return { idBytes: identity.idBytes, words: [...identity.idWords.subarray(0, idWords(identity.idBytes))] };
}

const uuid = fc.uuid();
const text = fc.string({ minLength: 1, maxLength: 60, unit: 'grapheme' });

describe('packing an id', () => {
  it('gives two ids the same words only when they are the same text', () => {
    const near = uuid.chain((id) => fc.constantFrom(id, id.toUpperCase(), id.replaceAll('-', ''), ` ${id}`, id.replace('-', '_'), `${id.slice(0, -1)}é`));
    fc.assert(
      fc.property(fc.oneof(uuid, near, text), fc.oneof(uuid, near, text), (a, b) => {
        expect(packed(a)).toEqual(packed(a));
        if (a !== b) expect(packed(a)).not.toEqual(packed(b));
      }),
      { numRuns: 1_000 },
    );
  });

  it('takes 16 bytes for a UUID in lower case and the bytes of its UTF-8 for any other', () => {
    expect(packed('0190a1b2-c3d4-7e5f-8a6b-0123456789ab')).toEqual({ idBytes: 0, words: [0x0190_a1b2, 0xc3d4_7e5f, 0x8a6b_0123, 0x4567_89ab] });
    expect(packed('0190A1B2-C3D4-7E5F-8A6B-0123456789AB').idBytes).toBe(36);
    expect(packed('äß')).toEqual({ idBytes: 4, words: [0x9fc3_a4c3] });
    expect(packed('abcde').words).toEqual([0x6463_6261, 0x65]);
  });

  it('refuses what no segment could hold', () => {
    expect(() => packed('x'.repeat(MAX_ID_BYTES + 1))).toThrow(RangeError);
    expect(() => packed('')).toThrow(RangeError);
    expect(() => new PackedIdentity().set(claimant(0, { customer: 'c'.repeat(3_000) }))).toThrow(RangeError);
  });
});
