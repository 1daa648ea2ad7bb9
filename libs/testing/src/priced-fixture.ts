import { randomBytes } from 'node:crypto';
import {
  encodePricedEnvelope,
  Outcome,
  PRICED_SCHEMA,
  type PricedEnvelope,
  type PricedRun,
  QUANTITY_BY_NAME,
  type Quantity,
  UsageEnvelopeBuilder,
  UsageRow,
  usageIdText,
  writeInt128,
} from '@ledgerline/contracts';
import { parseDecimal9 } from '@ledgerline/kernel';

/** An event in the words of a test; what is left out takes a default. */
export interface EventSpec {
  id?: string;
  customer?: string;
  provider?: string;
  model?: string;
  project?: string;
  operation?: string;
  endpoint?: string;
  context?: 'customer' | 'system';
  serviceTier?: string;
  apiKey?: string;
  user?: string;
  tags?: Record<string, string>;
  clientCost?: string;
  transactionId?: string;
  requestMetadata?: string;
  status?: 'ok' | 'error';
  errorCode?: string;
  latencyMs?: number;
  occurredAtUs?: number;
  /** Decimal quantities as text. */
  usage?: Partial<Record<Quantity, number | string>>;
  outcome?: Outcome;
  costPico?: bigint;
  reason?: { code: string; detail: string };
}

export const RECORDED_AT_US = Date.UTC(2026, 10, 22, 12) * 1000 + 123_456;

/** One USAGE message and its outcomes. */
export function runOf(partition: number, sequence: number, events: readonly EventSpec[], recordedAtUs = RECORDED_AT_US + sequence): PricedRun & { usageIds: string[] } {
  const builder = new UsageEnvelopeBuilder(1, partition, events.length);
  const ids = randomBytes(16 * events.length);
  const costs = new Uint8Array(16 * events.length);
  events.forEach((event, i) => {
    ids.writeUInt32BE(partition, i * 16);
    builder.append(rowOf(event, recordedAtUs), ids, i * 16);
    if ((event.outcome ?? Outcome.priced) === Outcome.priced) writeInt128(costs, i * 16, event.costPico ?? 0n);
  });
  return {
    sourceSequence: sequence,
    recordedAtUs,
    usage: builder.finish(),
    undecodable: false,
    outcomes: Uint8Array.from(events, ({ outcome }) => outcome ?? Outcome.priced),
    costs,
    reasons: events.flatMap(({ reason }, index) => (reason ? [{ index, ...reason }] : [])),
    usageIds: events.map((_, i) => usageIdText(ids, i * 16)),
  };
}

export function garbageRun(sequence: number, bytes: Uint8Array): PricedRun {
  return {
    sourceSequence: sequence,
    recordedAtUs: RECORDED_AT_US + sequence,
    usage: bytes,
    undecodable: true,
    outcomes: Uint8Array.of(Outcome.quarantined),
    costs: new Uint8Array(16),
    reasons: [{ index: 0, code: 'undecodable', detail: 'no envelope' }],
  };
}

/** The PRICED message for consecutive runs of a partition. */
export function envelopeOf(partition: number, runs: readonly PricedRun[], overrides: Partial<PricedEnvelope> = {}): PricedEnvelope {
  return {
    schema: PRICED_SCHEMA,
    generation: 1,
    partition,
    sourceFrom: runs[0]!.sourceSequence,
    sourceTo: runs.at(-1)!.sourceSequence,
    previousSourceTo: runs[0]!.sourceSequence - 1,
    writerId: 'test',
    priceBookVersion: 'book-1',
    runs,
    ...overrides,
  };
}

export const pricedBytes = (partition: number, runs: readonly PricedRun[]): Uint8Array => encodePricedEnvelope(envelopeOf(partition, runs)).slice();

/** The event as a row of an envelope. */
export function rowOf(event: EventSpec, recordedAtUs: number): UsageRow {
  const row = new UsageRow();
  row.id = event.id ?? randomBytes(6).toString('hex');
  row.source = 'test';
  row.customer = event.customer ?? 'acme';
  row.provider = event.provider ?? 'openai';
  row.model = event.model ?? 'gpt-4o';
  row.project = event.project ?? '';
  row.operation = event.operation ?? '';
  row.user = event.user ?? '';
  row.endpoint = event.endpoint ?? '';
  row.context = event.context === 'system' ? 1 : 0;
  row.serviceTier = event.serviceTier ?? '';
  row.apiKey = event.apiKey ?? 'key-1';
  row.tags = event.tags ? JSON.stringify(event.tags) : '';
  row.clientCost = event.clientCost ?? '';
  row.transactionId = event.transactionId ?? '';
  row.requestMetadata = event.requestMetadata ?? '';
  row.errorCode = event.errorCode ?? '';
  row.status = event.status === 'error' ? 1 : 0;
  row.latencyMs = event.latencyMs ?? -1;
  row.occurredAtUs = event.occurredAtUs ?? recordedAtUs - 1_000;
  for (const [name, amount] of Object.entries(event.usage ?? { input_tokens: 1 })) {
    const { index, decimal } = QUANTITY_BY_NAME.get(name)!;
    row.usageMask |= 1 << index;
    if (decimal) row.nanos[index] = parseDecimal9(String(amount));
    else row.counts[index] = Number(amount);
  }
  return row;
}
