import { QUANTITIES, UsageRow } from '@ledgerline/contracts';
import { formatUsd, parseDecimal9, parseUsd } from '@ledgerline/kernel';

/** A row of `usage_events` as JSON: numbers of 64 bits and decimals as texts. Quantities are columns by their names. */
export interface StoredRow extends Record<string, unknown> {
  usage_id: string;
  source_sequence: string;
  price_book_version: string;
  cost_usd: string | null;
}

/** An event as it was counted. */
export interface StoredEvent {
  readonly usageId: Uint8Array;
  readonly row: UsageRow;
  /** USAGE sequence of the message that is gone. */
  readonly sourceSequence: number;
  readonly priceBookVersion: string;
  /** 1e-12 USD; null: unpriced. */
  readonly costPicoUsd: bigint | null;
}

const TEXTS = [
  ['id', 'id'], ['source', 'source'], ['customer', 'customer_id'], ['project', 'project_id'], ['user', 'user_id'], ['provider', 'provider'], ['model', 'model'],
  ['operation', 'operation'], ['endpoint', 'endpoint'], ['serviceTier', 'service_tier'], ['errorCode', 'error_code'], ['apiKey', 'api_key_id'],
  ['transactionId', 'transaction_id'], ['requestMetadata', 'request_metadata'], ['responseMetadata', 'response_metadata'],
] as const;

/** The event of a row: a row holds everything that was sent, and the price it was counted at. @param occurredAtUs text of the microseconds */
export function eventOf(stored: StoredRow & { occurred_at_us: string }): StoredEvent {
  const row = new UsageRow();
  for (const [field, column] of TEXTS) row[field] = stored[column] as string;
  row.tags = tagsText(stored['tags'] as Record<string, string>);
  const clientCost = stored['client_cost_usd'] as string | null;
  row.clientCost = clientCost === null ? '' : formatUsd(parseUsd(clientCost));
  row.context = stored['context'] === 'system' ? 1 : 0;
  row.status = stored['status'] === 'error' ? 1 : 0;
  // It comes late because it was lost, not because it is suspicious.
  row.backfill = 1;
  row.occurredAtUs = Number(stored.occurred_at_us);
  row.latencyMs = stored['latency_ms'] === null ? -1 : Number(stored['latency_ms']);
  row.usageMask = Number(stored['usage_mask']);
  for (const { name, index, decimal } of QUANTITIES) {
    if ((row.usageMask & (1 << index)) === 0) continue;
    if (decimal) row.nanos[index] = parseDecimal9(String(stored[name]));
    else row.counts[index] = Number(stored[name]);
  }
  return {
    usageId: new Uint8Array(Buffer.from(stored.usage_id.replaceAll('-', ''), 'hex')),
    row,
    sourceSequence: Number(stored.source_sequence),
    priceBookVersion: stored.price_book_version,
    costPicoUsd: stored.cost_usd === null ? null : parseUsd(stored.cost_usd),
  };
}

/** As ingest writes them: keys in code-point order, and nothing for none. */
function tagsText(tags: Record<string, string>): string {
  const keys = Object.keys(tags).sort();
  return keys.length === 0 ? '' : JSON.stringify(Object.fromEntries(keys.map((key) => [key, tags[key]])));
}
