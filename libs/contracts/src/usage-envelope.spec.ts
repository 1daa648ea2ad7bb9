import { describe, expect, it } from '@jest/globals';
import { create, fromBinary, toBinary } from '@bufbuild/protobuf';
import fc from 'fast-check';
import { decodeUsageEnvelope } from './decode-usage-envelope.js';
import { UsageEnvelopeSchema } from './gen/ledgerline/metering/v1/usage_envelope_pb.js';
import { QUANTITIES } from './quantities.js';
import { DICTIONARY_FIELD_NAMES, type UsageColumns } from './usage-columns.js';
import { readUsageRow } from './read-usage-row.js';
import { UsageEnvelopeBuilder } from './usage-envelope-builder.js';
import { UsageRow } from './usage-row.js';
import { EnvelopeError } from './wire-reader.js';

const text = fc.oneof(fc.constant(''), fc.string({ unit: 'grapheme', maxLength: 40 }).filter((s) => s.isWellFormed()), fc.constantFrom('a', 'b'));
const row = fc
  .record({
    id: fc.string({ minLength: 1, maxLength: 80 }),
    texts: fc.array(text, { minLength: DICTIONARY_FIELD_NAMES.length, maxLength: DICTIONARY_FIELD_NAMES.length }),
    context: fc.integer({ min: 0, max: 1 }),
    status: fc.integer({ min: 0, max: 1 }),
    backfill: fc.integer({ min: 0, max: 1 }),
    occurredAtUs: fc.integer({ min: 946_684_800_000_000, max: 4_000_000_000_000_000 }),
    latencyMs: fc.integer({ min: -1, max: 2 ** 40 }),
    transactionId: text,
    requestMetadata: text,
    responseMetadata: text,
    counts: fc.array(fc.option(fc.maxSafeNat()), { minLength: 18, maxLength: 18 }),
    nanos: fc.bigInt({ min: 0n, max: 9_000_000_000_000_000_000n }),
  })
  .map((given) => {
    const filled = Object.assign(new UsageRow(), {
      id: given.id,
      context: given.context,
      status: given.status,
      backfill: given.backfill,
      occurredAtUs: given.occurredAtUs,
      latencyMs: given.latencyMs,
      transactionId: given.transactionId,
      requestMetadata: given.requestMetadata,
      responseMetadata: given.responseMetadata,
    });
    DICTIONARY_FIELD_NAMES.forEach((name, i) => (filled[name] = given.texts[i]!));
    given.counts.forEach((count, i) => {
      if (count === null) return;
      filled.usageMask |= 1 << i;
      filled.counts[i] = count;
      filled.nanos[i] = given.nanos;
    });
    return filled;
  });
const rows = fc.array(row, { minLength: 1, maxLength: 30 });

function encode(batch: readonly UsageRow[]): { bytes: Uint8Array; bound: number } {
  const builder = new UsageEnvelopeBuilder(1, 2, batch.length);
  batch.forEach((one, i) => builder.append(one, new Uint8Array(16).fill(i), 0));
  return { bytes: builder.finish(), bound: builder.byteBound };
}

const rowOf = (columns: UsageColumns, i: number): UsageRow => readUsageRow(columns, i, new UsageRow());

/** Only what the mask vouches for. */
function meaning(given: UsageRow): unknown {
  const amounts = QUANTITIES.filter((q) => given.usageMask & (1 << q.index)).map((q) => [
    q.name,
    q.decimal ? given.nanos[q.index] : given.counts[q.index],
  ]);
  return { ...given, counts: null, nanos: null, amounts };
}

describe('the usage envelope', () => {
  it('gives back every field of every event', () => {
    fc.assert(
      fc.property(rows, (batch) => {
        const columns = decodeUsageEnvelope(encode(batch).bytes);
        expect(batch.map((_, i) => meaning(rowOf(columns, i)))).toEqual(batch.map(meaning));
      }),
      { numRuns: 60 },
    );
  });

  it('holds nothing of the envelope that was built before it', () => {
    fc.assert(
      fc.property(rows, rows, (first, second) => {
        const builder = new UsageEnvelopeBuilder(1, 2, 30);
        const build = (batch: readonly UsageRow[]): Uint8Array => {
          batch.forEach((one, i) => builder.append(one, new Uint8Array(16).fill(i), 0));
          return builder.finish();
        };
        const before = build(first);
        const kept = Buffer.from(before);
        builder.reset();
        expect(Buffer.from(build(second)).equals(encode(second).bytes)).toBe(true);
        expect(kept.equals(before)).toBe(true);
      }),
      { numRuns: 60 },
    );
  });

  it('is the protobuf message of usage_envelope.proto, in both directions', () => {
    fc.assert(
      fc.property(rows, (batch) => {
        const { bytes } = encode(batch);
        const message = fromBinary(UsageEnvelopeSchema, bytes);
        expect(message.count).toBe(batch.length);
        expect(message.$unknown ?? []).toEqual([]);
        expect(decodeUsageEnvelope(toBinary(UsageEnvelopeSchema, message))).toEqual(decodeUsageEnvelope(bytes));
      }),
      { numRuns: 60 },
    );
  });

  it('never grows past the bound that the flush limit relies on', () => {
    fc.assert(
      fc.property(rows, (batch) => {
        const { bytes, bound } = encode(batch);
        expect(bytes.length).toBeLessThanOrEqual(bound);
        expect(bound).toBeLessThanOrEqual(64 + batch.reduce((sum, one) => sum + UsageEnvelopeBuilder.rowBound(one) + 25, 0));
      }),
      { numRuns: 60 },
    );
  });

  it('answers bytes from anybody with an EnvelopeError or with columns that fit', () => {
    const damaged = rows.chain((batch) => {
      const { bytes } = encode(batch);
      return fc
        .array(fc.tuple(fc.nat(bytes.length - 1), fc.integer({ min: 0, max: 255 })), { minLength: 1, maxLength: 4 })
        .map((changes) => {
          const copy = bytes.slice();
          for (const [at, value] of changes) copy[at] = value;
          return copy;
        });
    });
    fc.assert(
      fc.property(fc.oneof(fc.uint8Array({ maxLength: 300 }), damaged), (bytes) => {
        let columns: UsageColumns;
        try {
          columns = decodeUsageEnvelope(bytes);
        } catch (error) {
          expect(error).toBeInstanceOf(EnvelopeError);
          return;
        }
        for (const name of DICTIONARY_FIELD_NAMES) {
          expect(columns[name].length).toBe(columns.count);
          expect(columns[name].every((index) => index < columns.dictionary.length)).toBe(true);
        }
      }),
      { numRuns: 500 },
    );
  });

  it('ignores a field that it does not know and refuses a layout that it does not know', () => {
    const one = Object.assign(new UsageRow(), { id: '1', customer: 'c' });
    const message = fromBinary(UsageEnvelopeSchema, encode([one]).bytes);
    const extended = new Uint8Array([...toBinary(UsageEnvelopeSchema, message), 0xfa, 0x01, 0x01, 0x41]);
    expect(decodeUsageEnvelope(extended).ids).toEqual(['1']);
    expect(() => decodeUsageEnvelope(toBinary(UsageEnvelopeSchema, create(UsageEnvelopeSchema, { ...message, schema: 2 })))).toThrow('schema 2');
  });
});
