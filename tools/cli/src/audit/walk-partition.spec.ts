import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { encodePricedEnvelope, Outcome, partitionOf, type PricedEnvelope, type PricedRun, PRICED_SCHEMA, UsageEnvelopeBuilder, usageIdText, UsageRow, writeInt128 } from '@ledgerline/contracts';
import { usageIdKey, writeUsageId } from '@ledgerline/domain-metering';
import { NAMED_SUMS, noSums, type Sums } from './sums.js';
import { type StreamMessage, type Walk, walkPartition } from './walk-partition.js';

interface Event {
  id: Uint8Array;
  customer: string;
  tokens: number;
  seconds: bigint;
  occurredAtUs: number;
  outcome: number;
  cost: bigint;
}

const event: fc.Arbitrary<Event> = fc.record({
  id: fc.uint8Array({ minLength: 16, maxLength: 16 }),
  customer: fc.constantFrom('acme', 'zeta'),
  tokens: fc.maxSafeNat(),
  seconds: fc.bigInt({ min: 0n, max: 9_000_000_000_000_000_000n }),
  occurredAtUs: fc.integer({ min: 946_684_800, max: 1_900_000_000 }).map((seconds) => seconds * 1e6),
  outcome: fc.constantFrom(...Object.values(Outcome)),
  cost: fc.bigInt({ min: 0n, max: 2n ** 100n }),
});
/** Messages of events, cut into PRICED envelopes: each number says how many messages the next one takes. */
const log = fc.record({ messages: fc.array(fc.array(event, { minLength: 1, maxLength: 5 }), { minLength: 1, maxLength: 12 }), runs: fc.array(fc.integer({ min: 1, max: 4 }), { minLength: 12, maxLength: 12 }) });

function usageMessage(events: Event[], sequence: number): StreamMessage {
  const builder = new UsageEnvelopeBuilder(1, 0, events.length);
  for (const { id, customer, tokens, seconds, occurredAtUs } of events) {
    const row = Object.assign(new UsageRow(), { id: 'x', source: 's', customer, provider: 'openai', model: 'gpt-4', occurredAtUs, usageMask: 1 | (1 << 11) });
    row.counts[0] = tokens;
    row.nanos[11] = seconds;
    builder.append(row, id, 0);
  }
  return { sequence, timestampUs: sequence * 1000, data: builder.finish().slice() };
}

function run(events: Event[], message: StreamMessage): PricedRun {
  const costs = new Uint8Array(events.length * 16);
  events.forEach(({ outcome, cost }, row) => writeInt128(costs, row * 16, outcome === Outcome.priced ? cost : 0n));
  return { sourceSequence: message.sequence, recordedAtUs: message.timestampUs, usage: message.data, undecodable: false, outcomes: Uint8Array.from(events, ({ outcome }) => outcome), costs, reasons: [] };
}

function priced(runs: PricedRun[], sequence: number, previousSourceTo: number): StreamMessage {
  const envelope: PricedEnvelope = {
    schema: PRICED_SCHEMA, generation: 1, partition: 0, sourceFrom: runs[0]!.sourceSequence, sourceTo: runs.at(-1)!.sourceSequence, previousSourceTo, writerId: 'w', priceBookVersion: '1', runs,
  };
  return { sequence, timestampUs: 0, data: encodePricedEnvelope(envelope).slice() };
}

function build({ messages, runs: lengths }: { messages: Event[][]; runs: number[] }): { usage: StreamMessage[]; priced: StreamMessage[] } {
  const usage = messages.map((events, index) => usageMessage(events, index + 1));
  const out: StreamMessage[] = [];
  for (let from = 0; from < usage.length; ) {
    const to = Math.min(usage.length, from + lengths[out.length]!);
    out.push(priced(usage.slice(from, to).map((message, i) => run(messages[from + i]!, message)), out.length + 1, from));
    from = to;
  }
  return { usage, priced: out };
}

const streamOf = async function* (messages: StreamMessage[]): AsyncGenerator<StreamMessage> {
  yield* messages;
};

const walk = (streams: { usage: StreamMessage[]; priced: StreamMessage[] }, cut = streams.priced.length): Promise<Walk> =>
  walkPartition({ generation: 1, partition: 0, partitions: 1, cut, priced: streamOf(streams.priced), usage: streamOf(streams.usage) });

async function differenceOf(streams: { usage: StreamMessage[]; priced: StreamMessage[] }, cut?: number): Promise<string> {
  const result = await walk(streams, cut);
  return result.ok ? 'none' : `${result.difference.what}: ${result.difference.field}`;
}

describe('walking a partition', () => {
  it('adds up exactly what counts, past the integers a double holds', async () => {
    await fc.assert(
      fc.asyncProperty(log, async (given) => {
        const result = await walk(build(given));
        if (!result.ok) throw new Error(JSON.stringify(result.difference));
        const all = given.messages.flat();
        const counted = all.filter(({ outcome }) => outcome === Outcome.priced || outcome === Outcome.unpriced);
        const expected: Sums = noSums();
        for (const { outcome, cost, tokens, seconds } of counted) {
          expected.events++;
          if (outcome === Outcome.unpriced) expected.unpriced++;
          else expected.costPicoUsd += cost;
          expected.quantities[0]! += BigInt(tokens);
          expected.quantities[11]! += seconds;
        }
        for (const { of } of NAMED_SUMS) expect(of(result.ledger.counted)).toBe(of(expected));
        expect(result.ledger.usageEvents).toBe(BigInt(all.length));
        const high = counted.reduce((sum, { id }) => sum + Buffer.from(id).readBigUInt64BE(0), 0n) % 2n ** 64n;
        expect(result.ledger.idHash.high).toBe(high);
      }),
      { numRuns: 50 },
    );
  });

  it('sees any PRICED envelope that is missing, and any that was never there at the cut', async () => {
    await fc.assert(
      fc.asyncProperty(log, fc.nat(), async (given, at) => {
        const streams = build(given);
        const without = streams.priced.filter((_, index) => index !== at % streams.priced.length);
        const renumbered = without.map((message, index) => ({ ...message, sequence: index + 1 }));
        expect(await differenceOf({ ...streams, priced: without }, streams.priced.length)).toMatch(/^PRICED stream: (sequence|last sequence up to the cut)$/);
        if (at % streams.priced.length < without.length) expect(await differenceOf({ ...streams, priced: renumbered })).toBe('PRICED chain: previous_source_to');
      }),
      { numRuns: 50 },
    );
  });

  it('sees a USAGE message that is not the one PRICED decided on', async () => {
    const streams = build({ messages: [[{ id: new Uint8Array(16), customer: 'acme', tokens: 1, seconds: 0n, occurredAtUs: 1e15, outcome: 1, cost: 1n }]], runs: [1] });
    const [message] = streams.usage;
    const altered = { ...message!, data: message!.data.map((byte, index) => (index === message!.data.length - 1 ? byte ^ 1 : byte)) };
    expect(await differenceOf({ ...streams, usage: [altered] })).toBe('USAGE message kept in PRICED: bytes');
    expect(await differenceOf({ ...streams, usage: [] })).toBe('USAGE stream: sequence');
  });

  it('sees a counted event in a partition that its usage_id does not name', async () => {
    const id = Uint8Array.of(0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0);
    expect(partitionOf(id, 0, 4)).toBe(1);
    const streams = build({ messages: [[{ id, customer: 'acme', tokens: 1, seconds: 0n, occurredAtUs: 1e15, outcome: 1, cost: 1n }]], runs: [1] });
    const result = await walkPartition({ generation: 1, partition: 0, partitions: 4, cut: 1, priced: streamOf(streams.priced), usage: streamOf(streams.usage) });
    expect(result).toMatchObject({ ok: false, difference: { what: 'Counted event', where: 'partition 0, USAGE sequence 1, event 0', expected: '1', found: '0' } });
  });

  it('sees a counted event whose usage_id does not follow from its identity', async () => {
    const key = usageIdKey('00112233445566778899aabbccddeeff');
    const id = new Uint8Array(16);
    writeUsageId(key, 'acme', 's', 'x', id);
    const event = { id, customer: 'acme', tokens: 1, seconds: 0n, occurredAtUs: 1e15, outcome: 1, cost: 1n };
    const walkOf = (event: Event): Promise<Walk> => {
      const { priced, usage } = build({ messages: [[event]], runs: [1] });
      return walkPartition({ generation: 1, partition: 0, partitions: 1, key, cut: 1, priced: streamOf(priced), usage: streamOf(usage) });
    };
    expect((await walkOf(event)).ok).toBe(true);
    expect(await walkOf({ ...event, customer: 'zeta' })).toMatchObject({ ok: false, difference: { what: 'Counted event', field: 'usage_id', found: usageIdText(id) } });
  });

  it('counts a message that no one can read as one quarantined item', async () => {
    const message = { sequence: 1, timestampUs: 5, data: Uint8Array.of(255, 255) };
    const outcome = { sourceSequence: 1, recordedAtUs: 5, usage: message.data, undecodable: true, outcomes: Uint8Array.of(Outcome.quarantined), costs: new Uint8Array(16), reasons: [] };
    const result = await walk({ usage: [message], priced: [priced([outcome], 1, 0)] });
    expect(result).toMatchObject({ ok: true, ledger: { usageEvents: 1n, counted: { events: 0n } } });
    expect(await differenceOf({ usage: [message], priced: [priced([{ ...outcome, undecodable: false }], 1, 0)] })).toBe('USAGE message: undecodable');
  });
});
