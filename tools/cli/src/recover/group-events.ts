import { Outcome, type PricedRun, UsageEnvelopeBuilder, writeInt128 } from '@ledgerline/contracts';
import { type StoredEvent } from './stored-event.js';

/** Events of one USAGE message; few enough that its outcomes always fit one PRICED message. */
const MOST_EVENTS = 256;
const MOST_BYTES = 128 * 1024;

/** Events that go into one message: of one price book version, in their order. */
export interface EventGroup {
  readonly priceBookVersion: string;
  readonly events: readonly StoredEvent[];
  /** The USAGE envelope. */
  readonly usage: Uint8Array;
}

/** Lays events out in envelopes of a generation's partition. Pure: the same events give the same envelopes. */
export async function* groupEvents(events: AsyncIterable<StoredEvent>, generation: number, partition: number): AsyncGenerator<EventGroup> {
  let builder = new UsageEnvelopeBuilder(generation, partition, MOST_EVENTS);
  let group: StoredEvent[] = [];
  const taken = (): EventGroup => ({ priceBookVersion: group[0]!.priceBookVersion, events: group, usage: builder.finish() });
  for await (const event of events) {
    const full = builder.full || builder.byteBound + UsageEnvelopeBuilder.rowBound(event.row) > MOST_BYTES;
    if (group.length > 0 && (full || group[0]!.priceBookVersion !== event.priceBookVersion)) {
      yield taken();
      builder = new UsageEnvelopeBuilder(generation, partition, MOST_EVENTS);
      group = [];
    }
    builder.append(event.row, event.usageId, 0);
    group.push(event);
  }
  if (group.length > 0) yield taken();
}

/** The outcomes that these events had, at the price they had: nothing is decided again. */
export function runOf({ events, usage }: EventGroup, sourceSequence: number, recordedAtUs: number): PricedRun {
  const costs = new Uint8Array(events.length * 16);
  const outcomes = Uint8Array.from(events, ({ costPicoUsd }) => (costPicoUsd === null ? Outcome.unpriced : Outcome.priced));
  events.forEach(({ costPicoUsd }, i) => writeInt128(costs, i * 16, costPicoUsd ?? 0n));
  return { sourceSequence, recordedAtUs, usage, undecodable: false, outcomes, costs, reasons: [] };
}
