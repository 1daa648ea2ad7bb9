import { QUANTITIES, setUsage, UsageEnvelopeBuilder, UsageRow, usageIdBytes } from '@ledgerline/contracts';
import { formatUsd, parseDecimal9, parseUsd } from '@ledgerline/kernel';
import { type CountedEvent } from '../../application/corrections/event-record.js';

/** A row of `published_events` as ClickHouse writes it in JSON: 64-bit numbers and decimals are text. */
export type StoredRow = Record<string, unknown> & { usage_id: string; usage_mask: number };

/** Which field of an envelope is which column. */
const TEXTS = {
  id: 'id',
  source: 'source',
  customer: 'customer_id',
  project: 'project_id',
  user: 'user_id',
  provider: 'provider',
  model: 'model',
  operation: 'operation',
  endpoint: 'endpoint',
  serviceTier: 'service_tier',
  errorCode: 'error_code',
  apiKey: 'api_key_id',
  transactionId: 'transaction_id',
} as const;

/** Columns that an event is made of. */
export const STORED_COLUMNS = [
  'usage_id',
  ...Object.values(TEXTS),
  'tags',
  'context',
  'status',
  'latency_ms',
  'client_cost_usd',
  'cost_usd',
  'price_book_version',
  'usage_mask',
  ...QUANTITIES.map(({ name }) => name),
  'toUnixTimestamp64Micro(occurred_at) AS occurred_at_us',
].join(', ');

/** An event as it was recorded, without its metadata, which nothing is decided by. */
export function fromRow(row: StoredRow, generation: number, partition: number): CountedEvent {
  const event = new UsageRow();
  for (const [field, column] of Object.entries(TEXTS)) event[field as keyof typeof TEXTS] = row[column] as string;
  event.tags = tagsText(row['tags'] as Record<string, string>);
  event.context = row['context'] === 'system' ? 1 : 0;
  event.status = row['status'] === 'error' ? 1 : 0;
  event.latencyMs = row['latency_ms'] === null ? -1 : Number(row['latency_ms']);
  event.clientCost = row['client_cost_usd'] === null ? '' : formatUsd(parseUsd(row['client_cost_usd'] as string));
  event.occurredAtUs = Number(row['occurred_at_us']);
  const usage = usageOf(row);
  setUsage(event, usage);
  const builder = new UsageEnvelopeBuilder(generation, partition, 1);
  builder.append(event, usageIdBytes(row.usage_id)!, 0);
  const costPico = row['cost_usd'] === null ? null : parseUsd(row['cost_usd'] as string);
  const priceBookVersion = row['price_book_version'] as string;
  return { envelope: builder.finish(), net: { version: 0, voided: false, credit: false, usage, costPico, status: event.status === 1 ? 'error' : 'ok', priceBookVersion } };
}

function usageOf(row: StoredRow): Map<number, bigint> {
  const present = QUANTITIES.filter(({ index }) => (row.usage_mask >>> index) & 1);
  return new Map(present.map(({ index, name, decimal }) => [index, decimal ? parseDecimal9(row[name] as string) : BigInt(row[name] as string)]));
}

/** As ingest writes them: in the order of their keys; '' for none. */
function tagsText(tags: Record<string, string>): string {
  const keys = Object.keys(tags).sort();
  return keys.length === 0 ? '' : `{${keys.map((key) => `${JSON.stringify(key)}:${JSON.stringify(tags[key])}`).join(',')}}`;
}
