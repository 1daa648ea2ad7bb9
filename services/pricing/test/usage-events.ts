import { partitionOf, QUANTITIES, type Quantity, UsageEnvelopeBuilder, UsageRow, usageIdText } from '@ledgerline/contracts';
import { usageIdKey, writeUsageId } from '@ledgerline/domain-metering';
import { type PartitionTerms } from '../src/application/check-rows.js';

/** What a test says of an event; the rest is filled in. */
export interface GivenEvent {
  id: string;
  customer?: string;
  source?: string;
  provider?: string;
  model?: string;
  occurredAtUs?: number;
  tags?: string;
  clientCost?: string;
  backfill?: boolean;
  usage?: Partial<Record<Quantity, number>>;
  /** overrides the usage_id that belongs to the identity */
  usageId?: Uint8Array;
}

export const KEY_HEX = '000102030405060708090a0b0c0d0e0f';
export const KEY = usageIdKey(KEY_HEX);
export const RECORDED_AT_US = Date.UTC(2026, 0, 15) * 1000;

export function terms(partition = 0, partitions = 1): PartitionTerms {
  return { generation: 1, partition, partitions, key: KEY };
}

export function usageIdOf({ id, customer = 'acme', source = 'api' }: GivenEvent): Uint8Array {
  const out = new Uint8Array(16);
  writeUsageId(KEY, customer, source, id, out);
  return out;
}

export function usageIdTextOf(event: GivenEvent): string {
  return usageIdText(usageIdOf(event));
}

/** A number's event in a partition: tries suffixes until the identity falls there. */
export function idIn(partition: number, partitions: number, name: string | number): string {
  for (let i = 0; ; i++) {
    const id = `${name}.${i}`;
    if (partitionOf(usageIdOf({ id }), 0, partitions) === partition) return id;
  }
}

/** A USAGE message as ingest would publish it. */
export function usageEnvelope(events: readonly GivenEvent[], partition = 0, generation = 1): Uint8Array {
  const builder = new UsageEnvelopeBuilder(generation, partition, events.length);
  for (const event of events) builder.append(row(event), event.usageId ?? usageIdOf(event), 0);
  return builder.finish();
}

function row(event: GivenEvent): UsageRow {
  const filled = new UsageRow();
  filled.id = event.id;
  filled.source = event.source ?? 'api';
  filled.customer = event.customer ?? 'acme';
  filled.provider = event.provider ?? 'openai';
  filled.model = event.model ?? 'gpt-4o';
  filled.occurredAtUs = event.occurredAtUs ?? RECORDED_AT_US;
  filled.tags = event.tags ?? '';
  filled.clientCost = event.clientCost ?? '';
  filled.backfill = event.backfill ? 1 : 0;
  for (const [name, amount] of Object.entries(event.usage ?? { input_tokens: 1_000 })) {
    const quantity = QUANTITIES.find((one) => one.name === name)!;
    filled.usageMask |= 1 << quantity.index;
    filled.counts[quantity.index] = amount;
    filled.nanos[quantity.index] = BigInt(Math.round(amount * 1e9));
  }
  return filled;
}
