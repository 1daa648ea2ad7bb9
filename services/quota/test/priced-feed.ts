import {
  encodePricedEnvelope,
  Outcome,
  type PricedRun,
  pricedSubject,
  QUANTITIES,
  UsageEnvelopeBuilder,
  UsageRow,
  writeInt128,
} from '@ledgerline/contracts';
import { type NatsConnection } from '@ledgerline/messaging';
import { jetstream } from '@nats-io/jetstream';

/** One event as a test tells it; amounts by quantity, whole numbers or (for seconds and credits) 1e-9. */
export interface TestEvent {
  customer: string;
  provider?: string;
  model?: string;
  usage?: Record<string, number | bigint>;
  /** 1e-12 USD; left out: unpriced. */
  cost?: bigint;
  occurredAt?: string;
  outcome?: Outcome;
}

const NOVEMBER = '2023-11-16T18:17:03.979Z';

/** A run of one USAGE message with these events. */
export function runOf(sourceSequence: number, partition: number, events: readonly TestEvent[], generation = 1): PricedRun {
  const builder = new UsageEnvelopeBuilder(generation, partition, events.length);
  const costs = new Uint8Array(events.length * 16);
  const outcomes = new Uint8Array(events.length);
  events.forEach((event, i) => {
    const row = Object.assign(new UsageRow(), {
      id: `${partition}-${sourceSequence}-${i}`,
      source: 'test',
      customer: event.customer,
      provider: event.provider ?? 'openai',
      model: event.model ?? 'gpt-4o',
      occurredAtUs: Date.parse(event.occurredAt ?? NOVEMBER) * 1000,
    });
    for (const [name, amount] of Object.entries(event.usage ?? {})) {
      const { index } = QUANTITIES.find((quantity) => quantity.name === name)!;
      row.usageMask |= 1 << index;
      if (typeof amount === 'bigint') row.nanos[index] = amount;
      else row.counts[index] = amount;
    }
    builder.append(row, new Uint8Array(16).fill(i), 0);
    outcomes[i] = event.outcome ?? (event.cost === undefined ? Outcome.unpriced : Outcome.priced);
    if (event.cost !== undefined) writeInt128(costs, i * 16, event.cost);
  });
  return {
    sourceSequence,
    recordedAtUs: Date.parse(NOVEMBER) * 1000,
    usage: builder.finish().slice(),
    undecodable: false,
    outcomes,
    costs,
    reasons: [],
  };
}

/** A PRICED message of these runs. */
export const envelopeOf = (partition: number, runs: readonly PricedRun[], generation = 1): Uint8Array =>
  encodePricedEnvelope({
    schema: 1,
    generation,
    partition,
    sourceFrom: runs[0]!.sourceSequence,
    sourceTo: runs.at(-1)!.sourceSequence,
    previousSourceTo: runs[0]!.sourceSequence - 1,
    writerId: 'test',
    priceBookVersion: 'test',
    runs,
  }).slice();

/** Plays the pricing service: publishes PRICED messages, one run each, behind one another. */
export class PricedFeed {
  private readonly sources = new Map<number, number>();

  constructor(private readonly nc: NatsConnection) {}

  async emit(partition: number, events: readonly TestEvent[]): Promise<void> {
    const source = (this.sources.get(partition) ?? 0) + 1;
    this.sources.set(partition, source);
    await this.publish(partition, envelopeOf(partition, [runOf(source, partition, events)]));
  }

  /** Publishes bytes as they are. */
  async publish(partition: number, bytes: Uint8Array): Promise<void> {
    await jetstream(this.nc).publish(pricedSubject(1, partition), bytes);
  }
}
