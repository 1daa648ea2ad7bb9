import { describe, expect, it } from '@jest/globals';
import { encodePricedEnvelope, MAX_PRICED_BYTES, MAX_USAGE_BYTES, Outcome, PRICED_SCHEMA, type PricedRun, readInt128 } from '@ledgerline/contracts';
import { seedPriceBook } from '@ledgerline/domain-pricing';
import { MemoryIdempotencyIndexes } from '@ledgerline/idempotency-index';
import fc from 'fast-check';
import { type GivenEvent, KEY, RECORDED_AT_US, terms, usageEnvelope } from '../../test/usage-events.js';
import { decideRun, encodedBound } from './decide-run.js';
import { type IdempotencyIndex } from './idempotency-index.js';

const book = seedPriceBook();
const { priced, unpriced, duplicate, quarantined } = Outcome;

const emptyIndex = (): Promise<IdempotencyIndex> => new MemoryIdempotencyIndexes().open({ partition: 0, streamId: 'now' });

function decide(index: IdempotencyIndex, sequence: number, data: Uint8Array, held = terms()): PricedRun {
  return decideRun({ sequence, timestampUs: RECORDED_AT_US, subject: '', data }, held, book, (claimant) => index.claim(claimant));
}

async function outcomesOf(...events: GivenEvent[]): Promise<number[]> {
  return [...decide(await emptyIndex(), 1, usageEnvelope(events)).outcomes];
}

async function refusalOf(event: GivenEvent): Promise<string> {
  const { outcomes, reasons, costs } = decide(await emptyIndex(), 1, usageEnvelope([event, { id: 'fine' }]));
  expect([...outcomes]).toEqual([quarantined, priced]);
  expect(reasons).toHaveLength(1);
  expect(readInt128(costs, 0)).toBe(0n);
  return `${reasons[0]!.index} ${reasons[0]!.code}: ${reasons[0]!.detail}`;
}

describe('deciding a USAGE message', () => {
  it('prices an original exactly and leaves what has no price unpriced, never at $0', async () => {
    const run = decide(
      await emptyIndex(),
      1,
      usageEnvelope([
        { id: 'a', usage: { input_tokens: 1_500, output_tokens: 7 } },
        { id: 'b', model: 'no-such-model' },
        { id: 'c', usage: {} },
        { id: 'd', provider: 'firecrawl', model: 'scrape', usage: { credits: 9_000_000_000 } },
      ]),
    );
    expect([...run.outcomes]).toEqual([priced, unpriced, priced, priced]);
    expect(readInt128(run.costs, 0)).toBe(1_500n * 5_000_000n + 7n * 15_000_000n);
    expect(readInt128(run.costs, 16)).toBe(0n);
    expect(readInt128(run.costs, 32)).toBe(0n);
    expect(readInt128(run.costs, 48)).toBe(9_000_000_000n * 1_000_000_000n);
  });

  it('counts an identity once: the same again is a duplicate, other content a conflict', async () => {
    const index = await emptyIndex();
    expect([...decide(index, 1, usageEnvelope([{ id: 'a' }, { id: 'a' }])).outcomes]).toEqual([priced, duplicate]);
    const later = decide(
      index,
      2,
      usageEnvelope([
        { id: 'a', occurredAtUs: RECORDED_AT_US - 5 },
        { id: 'a', usage: { input_tokens: 2 } },
        { id: 'a', source: 'other' },
      ]),
    );
    expect([...later.outcomes]).toEqual([duplicate, quarantined, priced]);
    expect(later.reasons).toEqual([{ index: 1, code: 'conflict', detail: expect.stringContaining('other content') }]);
  });

  it('decides by the arrival of events alone when it counts an identity again behind the window', async () => {
    const index = await new MemoryIdempotencyIndexes(1).open({ partition: 0, streamId: 'now' });
    const after = (sequence: number, hours: number, id: string) =>
      [...decideRun({ sequence, timestampUs: RECORDED_AT_US + hours * 3_600_000_000, subject: '', data: usageEnvelope([{ id }]) }, terms(), book, (claimant) => index.claim(claimant)).outcomes];
    expect(after(1, 0, 'a')).toEqual([priced]);
    expect(after(2, 24, 'a')).toEqual([duplicate]);
    expect(after(3, 25, 'a')).toEqual([priced]);
    expect(after(3, 25, 'a')).toEqual([priced]);
    expect(after(4, 49, 'a')).toEqual([duplicate]);
  });

  it('lets an unpriced event hold its identity and a refused one not', async () => {
    expect(await outcomesOf({ id: 'a', model: 'unknown' }, { id: 'a', model: 'unknown' })).toEqual([unpriced, duplicate]);
    expect(await outcomesOf({ id: 'a', tags: '[]' }, { id: 'a' })).toEqual([quarantined, priced]);
  });

  it('quarantines what ingest would have refused, and nothing else in the message', async () => {
    expect(await refusalOf({ id: 'x', usageId: new Uint8Array(16).fill(1) })).toMatch('0 usage_id_mismatch');
    expect(await refusalOf({ id: 'x', customer: '' })).toBe('0 invalid: customer_id must not be empty');
    expect(await refusalOf({ id: 'x', model: 'a\u0000b' })).toMatch('model must not contain control characters');
    expect(await refusalOf({ id: 'x'.repeat(300) })).toMatch('id must be at most 256');
    expect(await refusalOf({ id: 'x', tags: '{"a":1}' })).toMatch('tags must be texts');
    expect(await refusalOf({ id: 'x', clientCost: '-1' })).toMatch('client_cost_usd must not be negative');
    expect(await refusalOf({ id: 'x', occurredAtUs: RECORDED_AT_US + 300_000_001 })).toMatch('occurred_at must not be more than 5 minutes ahead');
    expect(await refusalOf({ id: 'x', occurredAtUs: 0 })).toMatch('occurred_at must not be before 2000');
  });

  it('quarantines every event of an envelope that lies in another partition than it says', async () => {
    const run = decide(await emptyIndex(), 1, usageEnvelope([{ id: 'a' }, { id: 'b' }], 3));
    expect([...run.outcomes]).toEqual([quarantined, quarantined]);
    expect(run.reasons.map(({ code }) => code)).toEqual(['wrong_envelope', 'wrong_envelope']);
  });

  it('quarantines an event whose identity belongs to another partition', async () => {
    const run = decide(
      await emptyIndex(),
      1,
      usageEnvelope(
        Array.from({ length: 40 }, (_, i) => ({ id: `e${i}` })),
        1,
      ),
      { generation: 1, partition: 1, partitions: 2, key: KEY },
    );
    const codes = new Set(run.reasons.map(({ code }) => code));
    expect([...codes]).toEqual(['wrong_partition']);
    expect(run.outcomes).toContain(priced);
    expect(run.outcomes).toContain(quarantined);
  });

  it('turns bytes that are no envelope into one quarantined item', async () => {
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 200 }), async (garbage) => {
        const run = decide(await emptyIndex(), 9, garbage);
        expect(run.undecodable).toBe(true);
        expect([...run.outcomes]).toEqual([quarantined]);
        expect(run.usage).toBe(garbage);
        expect(run.reasons[0]!.code).toBe('undecodable');
      }),
      { numRuns: 200 },
    );
  });

  it('never throws on a damaged envelope', async () => {
    const whole = usageEnvelope(Array.from({ length: 5 }, (_, i) => ({ id: `e${i}`, tags: '{"a":"b"}', usage: { input_tokens: i, seconds: 1.5 } })));
    await fc.assert(
      fc.asyncProperty(fc.nat(whole.length - 1), fc.integer({ min: 1, max: 255 }), fc.boolean(), async (at, flip, cut) => {
        const damaged = cut ? whole.slice(0, at) : Uint8Array.from(whole);
        if (!cut) damaged[at]! ^= flip;
        const run = decide(await emptyIndex(), 9, damaged);
        expect(run.costs.length).toBe(run.outcomes.length * 16);
      }),
      { numRuns: 500 },
    );
  });

  it('gives the same outcomes and costs however the events are split into messages', async () => {
    const event = fc.record({
      id: fc.constantFrom('a', 'b', 'c', 'd', 'e', 'f'),
      customer: fc.constantFrom('acme', 'globex', ''),
      model: fc.constantFrom('gpt-4o', 'gpt-4', 'unknown'),
      usage: fc.record({ input_tokens: fc.nat(3) }),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(event, { minLength: 1, maxLength: 30 }), fc.infiniteStream(fc.integer({ min: 1, max: 6 })), async (events, sizes) => {
        const whole = decide(await emptyIndex(), 1, usageEnvelope(events));
        const index = await emptyIndex();
        const parts: PricedRun[] = [];
        for (let from = 0, sequence = 1; from < events.length; sequence++) {
          const size = sizes.next().value as number;
          parts.push(decide(index, sequence, usageEnvelope(events.slice(from, from + size))));
          from += size;
        }
        expect(parts.flatMap(({ outcomes }) => [...outcomes])).toEqual([...whole.outcomes]);
        expect(Buffer.concat(parts.map(({ costs }) => costs))).toEqual(Buffer.from(whole.costs));
      }),
      { numRuns: 150 },
    );
  });

  it('decides a message again, after its claims were made, as it did the first time', async () => {
    const index = await emptyIndex();
    const data = usageEnvelope([{ id: 'a' }, { id: 'a' }, { id: 'b' }, { id: 'a', usage: { input_tokens: 2 } }]);
    const first = decide(index, 4, data);
    expect(decide(index, 4, data)).toEqual(first);
  });

  it('fits the outcomes of any USAGE message into one PRICED message', async () => {
    const forged = (count: number): Uint8Array =>
      usageEnvelope(Array.from({ length: count }, (_, i) => ({ id: i.toString(36), usageId: new Uint8Array(16).fill(1), usage: {} })));
    let count = 16_384;
    let data = forged(count);
    while (data.length > MAX_USAGE_BYTES) data = forged((count = Math.floor((count * MAX_USAGE_BYTES) / data.length) - 1));
    const run = decide(await emptyIndex(), 1, data);
    expect(run.reasons).toHaveLength(count);
    const envelope = {
      schema: PRICED_SCHEMA,
      generation: 1,
      partition: 0,
      sourceFrom: 1,
      sourceTo: 1,
      previousSourceTo: 0,
      writerId: 'w'.repeat(120),
      priceBookVersion: book.version,
      runs: [run],
    };
    const encoded = encodePricedEnvelope(envelope).length;
    // Headers (expected sequence, trace context) count toward the limit too.
    expect(encoded).toBeLessThan(MAX_PRICED_BYTES - 1_000);
    expect(encodedBound(run)).toBeGreaterThan(encoded - 300);
  });
});
