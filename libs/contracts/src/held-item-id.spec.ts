import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { heldItemId, parseHeldItemId } from './held-item-id.js';

describe('the id of what was held back', () => {
  it('is read back as the position it was made of', () => {
    const position = fc.record({
      generation: fc.integer({ min: 1, max: 0xffff }),
      partition: fc.integer({ min: 0, max: 0xffff }),
      sequence: fc.integer({ min: 1, max: Number.MAX_SAFE_INTEGER }),
      index: fc.integer({ min: 0, max: 0xffff_ffff }),
    });
    fc.assert(fc.property(position, (one) => expect(parseHeldItemId(heldItemId(one))).toEqual(one)));
  });

  it('is nothing else: no other text of the same position, no number out of range', () => {
    for (const text of ['', 'g1-p1-1', 'g1-p01-1-0', 'g0-p1-1-0', 'g1-p1-0-0', 'g1-p1-1-00', 'G1-p1-1-0', 'g65536-p1-1-0', 'g1-p1-9007199254740992-0', 'g1-p1-1-4294967296', ' g1-p1-1-0', 'g1-p1-1-0\n']) {
      expect([text, parseHeldItemId(text)]).toEqual([text, null]);
    }
  });
});
