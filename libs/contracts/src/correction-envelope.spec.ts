import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { decodeCorrectionEnvelope, encodeCorrectionEnvelope, type Correction } from './correction-envelope.js';
import { QUANTITY_COUNT } from './quantities.js';
import { EnvelopeError } from './wire-reader.js';

const bytes16 = fc.uint8Array({ minLength: 16, maxLength: 16 });
const text = fc.string({ unit: 'grapheme', maxLength: 30 }).filter((value) => value.isWellFormed());
const corrections: fc.Arbitrary<Correction> = fc.record({
  usageId: bytes16,
  correctionId: text,
  kind: fc.constantFrom('adjust', 'refund', 'void', 'reprice', 'credit', 'discard', 'release'),
  customerId: text,
  requestedBy: text,
  reason: text,
  requestedAtUs: fc.maxSafeNat(),
  usage: fc.option(fc.uniqueArray(fc.tuple(fc.nat(QUANTITY_COUNT - 1), fc.bigInt({ min: 0n, max: 2n ** 63n - 2n })), { selector: ([quantity]) => quantity }).map((entries) => new Map(entries))),
  costUsd: text,
  status: fc.constantFrom('ok', 'error', null),
  replacedBy: fc.option(bytes16),
  occurredAtUs: fc.maxSafeNat(),
  provider: text,
  model: text,
  heldSequence: fc.maxSafeNat(),
  heldIndex: fc.nat(16_383),
  awaitsOriginal: fc.boolean(),
});

describe('the correction envelope', () => {
  it('gives back every field of every correction', () => {
    fc.assert(
      fc.property(fc.array(corrections, { minLength: 1, maxLength: 5 }), fc.nat(9), fc.nat(15), (batch, generation, partition) => {
        const envelope = { generation, partition, corrections: batch };
        expect(decodeCorrectionEnvelope(encodeCorrectionEnvelope(envelope))).toEqual(envelope);
      }),
    );
  });

  it('answers garbage and damaged envelopes with an EnvelopeError', () => {
    fc.assert(
      fc.property(fc.oneof(fc.uint8Array({ maxLength: 100 }), corrections.map((one) => encodeCorrectionEnvelope({ generation: 1, partition: 0, corrections: [one] }))), fc.nat(200), (bytes, cut) => {
        try {
          decodeCorrectionEnvelope(bytes.slice(0, cut));
        } catch (error) {
          expect(error).toBeInstanceOf(EnvelopeError);
        }
      }),
    );
  });
});
