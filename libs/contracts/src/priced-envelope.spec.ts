import { describe, expect, it } from '@jest/globals';
import { fromBinary, toBinary } from '@bufbuild/protobuf';
import fc from 'fast-check';
import { PricedEnvelopeSchema } from './gen/ledgerline/pricing/v1/priced_envelope_pb.js';
import { DeltaKind } from './deltas.js';
import { readInt128, writeInt128 } from './int128.js';
import { decodePricedEnvelope, encodePricedEnvelope, Outcome, PRICED_SCHEMA, type PricedEnvelope } from './priced-envelope.js';
import { usageIdBytes, usageIdText } from './usage-id.js';
import { EnvelopeError } from './wire-reader.js';

const deltas = fc.record({
  rows: fc.uint8Array({ minLength: 1, maxLength: 50 }),
  entries: fc.array(
    fc.record({
      kind: fc.constantFrom(...Object.values(DeltaKind)),
      retracts: fc.boolean(),
      version: fc.nat(),
      correctionId: fc.string({ maxLength: 20 }),
      outcome: fc.constantFrom(Outcome.priced, Outcome.unpriced),
      costPicoUsd: fc.bigInt({ min: -(2n ** 127n), max: 2n ** 127n - 1n }),
      priceBookVersion: fc.string({ maxLength: 9 }),
    }),
    { minLength: 1, maxLength: 3 },
  ),
});
const run = fc.integer({ min: 1, max: 20 }).chain((count) =>
  fc.record({
    sourceSequence: fc.maxSafeNat(),
    recordedAtUs: fc.maxSafeNat(),
    usage: fc.uint8Array({ maxLength: 100 }),
    undecodable: fc.boolean(),
    outcomes: fc.uint8Array({ minLength: count, maxLength: count, min: 1, max: 8 }),
    costs: fc.uint8Array({ minLength: count * 16, maxLength: count * 16 }),
    reasons: fc.array(fc.record({ index: fc.nat(count), code: fc.string({ maxLength: 9 }), detail: fc.string({ maxLength: 30 }) }), { maxLength: 3 }),
    ...(count % 2 === 0 ? { correction: fc.constant(true), deltas } : {}),
  }),
);
const envelopes: fc.Arbitrary<PricedEnvelope> = fc.record({
  schema: fc.constant(PRICED_SCHEMA),
  generation: fc.nat(9),
  partition: fc.nat(15),
  sourceFrom: fc.maxSafeNat(),
  sourceTo: fc.maxSafeNat(),
  previousSourceTo: fc.maxSafeNat(),
  writerId: fc.string({ maxLength: 20 }),
  priceBookVersion: fc.string({ maxLength: 20 }),
  runs: fc.array(run, { minLength: 1, maxLength: 4 }),
});
/** Views into one buffer compare unequal to copies of the same bytes; what they hold is what counts. */
const plain = (value: unknown): unknown =>
  JSON.parse(JSON.stringify(value, (_, v: unknown) => (v instanceof Uint8Array ? [...v] : typeof v === 'bigint' ? String(v) : v)));

describe('the priced envelope', () => {
  it('gives back what was written', () => {
    fc.assert(
      fc.property(envelopes, (envelope) => {
        expect(plain(decodePricedEnvelope(Buffer.from(encodePricedEnvelope(envelope)).subarray()).runs.map((r) => ({ ...r, usage: new Uint8Array(r.usage), outcomes: new Uint8Array(r.outcomes), costs: new Uint8Array(r.costs), ...(r.deltas ? { deltas: { ...r.deltas, rows: new Uint8Array(r.deltas.rows) } } : {}) })))).toEqual(plain(envelope.runs));
      }),
    );
  });

  it('is the protobuf message of priced_envelope.proto, in both directions', () => {
    fc.assert(
      fc.property(envelopes, (envelope) => {
        const bytes = encodePricedEnvelope(envelope);
        const message = fromBinary(PricedEnvelopeSchema, bytes);
        expect(message.sourceTo).toBe(BigInt(envelope.sourceTo));
        expect(decodePricedEnvelope(toBinary(PricedEnvelopeSchema, message))).toEqual(decodePricedEnvelope(bytes));
      }),
    );
  });

  it('answers garbage with an EnvelopeError', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
        try {
          decodePricedEnvelope(bytes);
        } catch (error) {
          expect(error).toBeInstanceOf(EnvelopeError);
        }
      }),
    );
  });
});

it('an int128 reads back as it was written', () => {
  fc.assert(
    fc.property(fc.bigInt({ min: -(2n ** 127n), max: 2n ** 127n - 1n }), (value) => {
      const bytes = new Uint8Array(20);
      writeInt128(bytes, 3, value);
      return readInt128(bytes, 3) === value;
    }),
  );
});

it('a usage_id reads back from its text', () => {
  fc.assert(
    fc.property(fc.uint8Array({ minLength: 16, maxLength: 16 }), (bytes) => {
      expect([...usageIdBytes(usageIdText(bytes))!]).toEqual([...bytes]);
    }),
  );
  expect(usageIdBytes('not-a-uuid')).toBeNull();
});
