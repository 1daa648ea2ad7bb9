import fc from 'fast-check';
import { encodePricedEnvelope, Outcome, type PricedEnvelope, type PricedRun, PRICED_SCHEMA, pricedSubject, UsageEnvelopeBuilder, UsageRow, usageSubject, writeInt128 } from '@ledgerline/contracts';
import { type PartitionStreams, type StreamMessage, type Walk, walkPartition } from '../src/audit/walk-partition.js';

/** An event of a made-up log. */
export interface Event {
  id: Uint8Array;
  customer: string;
  tokens: number;
  seconds: bigint;
  occurredAtUs: number;
  outcome: number;
  cost: bigint;
}

export const EVENT_OUTCOMES = [Outcome.priced, Outcome.unpriced, Outcome.duplicate, Outcome.quarantined, Outcome.late, Outcome.parked] as const;

export const event: fc.Arbitrary<Event> = fc.record({
  id: fc.uint8Array({ minLength: 16, maxLength: 16 }),
  customer: fc.constantFrom('acme', 'zeta'),
  tokens: fc.maxSafeNat(),
  seconds: fc.bigInt({ min: 0n, max: 9_000_000_000_000_000_000n }),
  occurredAtUs: fc.integer({ min: 946_684_800, max: 1_900_000_000 }).map((seconds) => seconds * 1e6),
  outcome: fc.constantFrom(...EVENT_OUTCOMES),
  cost: fc.bigInt({ min: 0n, max: 2n ** 100n }),
});
/** Messages of events, cut into PRICED envelopes: each number says how many messages the next one takes. */
export const log = fc.record({ messages: fc.array(fc.array(event, { minLength: 1, maxLength: 5 }), { minLength: 1, maxLength: 12 }), runs: fc.array(fc.integer({ min: 1, max: 4 }), { minLength: 12, maxLength: 12 }) });

export function usageMessage(events: Event[], sequence: number): StreamMessage {
  const builder = new UsageEnvelopeBuilder(1, 0, events.length);
  for (const { id, customer, tokens, seconds, occurredAtUs } of events) {
    const row = Object.assign(new UsageRow(), { id: 'x', source: 's', customer, provider: 'openai', model: 'gpt-4', occurredAtUs, usageMask: 1 | (1 << 11) });
    row.counts[0] = tokens;
    row.nanos[11] = seconds;
    builder.append(row, id, 0);
  }
  return { sequence, timestampUs: sequence * 1000, subject: usageSubject(1, 0), data: builder.finish().slice() };
}

export function run(events: Event[], message: StreamMessage): PricedRun {
  const costs = new Uint8Array(events.length * 16);
  events.forEach(({ outcome, cost }, row) => writeInt128(costs, row * 16, outcome === Outcome.priced ? cost : 0n));
  return { sourceSequence: message.sequence, recordedAtUs: message.timestampUs, usage: message.data, undecodable: false, outcomes: Uint8Array.from(events, ({ outcome }) => outcome), costs, reasons: [] };
}

export function priced(runs: PricedRun[], sequence: number, previousSourceTo: number): StreamMessage {
  const envelope: PricedEnvelope = {
    schema: PRICED_SCHEMA, generation: 1, partition: 0, sourceFrom: runs[0]!.sourceSequence, sourceTo: runs.at(-1)!.sourceSequence, previousSourceTo, writerId: 'w', priceBookVersion: '1', runs,
  };
  return { sequence, timestampUs: 0, subject: pricedSubject(1, 0), data: encodePricedEnvelope(envelope).slice() };
}

export function build({ messages, runs: lengths }: { messages: Event[][]; runs: number[] }): Streams {
  const usage = messages.map((events, index) => usageMessage(events, index + 1));
  const out: StreamMessage[] = [];
  for (let from = 0; from < usage.length; ) {
    const to = Math.min(usage.length, from + lengths[out.length]!);
    out.push(priced(usage.slice(from, to).map((message, i) => run(messages[from + i]!, message)), out.length + 1, from));
    from = to;
  }
  return { usage, priced: out };
}

export const streamOf = async function* (messages: StreamMessage[]): AsyncGenerator<StreamMessage> {
  yield* messages;
};

export interface Streams {
  usage: StreamMessage[];
  priced: StreamMessage[];
}

/** Walks partition 0 of 1, from the beginning unless told otherwise. */
export const walk = ({ usage, priced }: Streams, more: Partial<PartitionStreams> = {}): Promise<Walk> => {
  const after = more.after ?? 0;
  return walkPartition({
    generation: 1,
    partition: 0,
    partitions: 1,
    after,
    sourceAfter: 0,
    cut: priced.at(-1)?.sequence ?? after,
    priced: streamOf(priced.filter(({ sequence }) => sequence > after)),
    usageFirst: usage[0]?.sequence ?? 1,
    usage: (from) => streamOf(usage.filter(({ sequence }) => sequence >= from)),
    ...more,
  });
};

/** What a walk ends with: the first contradiction, or `none`. */
export async function differenceOf(streams: Streams, more: Partial<PartitionStreams> = {}): Promise<string> {
  const result = await walk(streams, more);
  return result.ok ? 'none' : `${result.difference.what}: ${result.difference.field}`;
}
