import {
  DeltaKind,
  type Deltas,
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

/** A row that a correction leaves: takes back a state of an event, or states one. Its amounts are never negative. */
export interface TestDelta extends TestEvent {
  retracts?: boolean;
  kind?: DeltaKind;
  version?: number;
}

const outcomeOf = (event: TestEvent): Outcome => event.outcome ?? (event.cost === undefined ? Outcome.unpriced : Outcome.priced);

function usageOf(sourceSequence: number, partition: number, events: readonly TestEvent[], generation: number): Uint8Array {
  const builder = new UsageEnvelopeBuilder(generation, partition, events.length);
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
  });
  return builder.finish().slice();
}

/** A run of one USAGE message with these events. */
export function runOf(sourceSequence: number, partition: number, events: readonly TestEvent[], generation = 1): PricedRun {
  const costs = new Uint8Array(events.length * 16);
  events.forEach(({ cost }, i) => cost !== undefined && writeInt128(costs, i * 16, cost));
  return {
    sourceSequence,
    recordedAtUs: Date.parse(NOVEMBER) * 1000,
    usage: usageOf(sourceSequence, partition, events, generation),
    undecodable: false,
    outcomes: Uint8Array.from(events, outcomeOf),
    costs,
    reasons: [],
  };
}

/** The signed rows of corrections; a retracting row's cost is taken back with the rest of it. */
export const deltasOf = (sourceSequence: number, partition: number, rows: readonly TestDelta[]): Deltas => ({
  rows: usageOf(sourceSequence, partition, rows, 1),
  entries: rows.map((row) => ({
    kind: row.kind ?? DeltaKind.adjusted,
    retracts: row.retracts ?? false,
    version: row.version ?? 0,
    correctionId: 'c',
    outcome: outcomeOf(row),
    costPicoUsd: row.retracts ? -(row.cost ?? 0n) : (row.cost ?? 0n),
    priceBookVersion: '',
  })),
});

/** A run of one correction that took effect and left these rows. The correction's own bytes are nothing that counting reads. */
export const correctionRunOf = (sourceSequence: number, partition: number, rows: readonly TestDelta[]): PricedRun => ({
  sourceSequence,
  recordedAtUs: Date.parse(NOVEMBER) * 1000,
  usage: Buffer.from('a correction'),
  undecodable: false,
  outcomes: Uint8Array.of(Outcome.applied),
  costs: new Uint8Array(16),
  reasons: [],
  correction: true,
  deltas: deltasOf(sourceSequence, partition, rows),
});

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
