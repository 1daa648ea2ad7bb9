import { QUANTITIES, type QuantityKind } from '@ledgerline/kernel';
import { type EventView, type SummaryView } from '../application/ports.js';
import { columnOf, type Grouping } from '../application/summary-query.js';

/** A row as ClickHouse writes it in JSON: 64-bit and larger numbers, decimals and times are text. */
export type Row = Record<string, unknown> & { usage_mask?: number };

const OPTIONAL = ['project_id', 'user_id', 'operation', 'endpoint', 'transaction_id', 'service_tier', 'error_code', 'api_key_id'] as const;

/** A stored event as the API shows it; what the client left out is left out. */
export function eventView(row: Row): EventView {
  const optional = Object.fromEntries(OPTIONAL.flatMap((name) => (row[name] === '' ? [] : [[name, row[name]]])));
  return {
    usage_id: row['usage_id'],
    state: row['cost_usd'] === null ? 'unpriced' : 'priced',
    id: row['id'],
    source: row['source'],
    customer_id: row['customer_id'],
    provider: row['provider'],
    model: row['model'],
    ...optional,
    context: row['context'],
    status: row['status'],
    latency_ms: row['latency_ms'] === null ? undefined : Number(row['latency_ms']),
    usage: Object.fromEntries(QUANTITIES.filter(({ index }) => ((row.usage_mask ?? 0) >>> index) & 1).map((kind) => [kind.name, amount(kind, row[kind.name] as string)])),
    cost_usd: row['cost_usd'],
    client_cost_usd: row['client_cost_usd'] ?? undefined,
    price_book_version: row['price_book_version'],
    tags: row['tags'],
    request_metadata: json(row['request_metadata'] as string),
    response_metadata: json(row['response_metadata'] as string),
    occurred_at: isoTime(row['occurred_at'] as string),
    recorded_at: isoTime(row['recorded_at'] as string),
  };
}

/** Something that was not counted: why, and the event as it came. */
export function quarantinedView(row: Row): EventView {
  return {
    usage_id: row['usage_id'],
    state: row['outcome'],
    customer_id: row['customer_id'],
    reason: { code: row['code'], detail: row['detail'] },
    event: json(row['body'] as string),
    recorded_at: isoTime(row['recorded_at'] as string),
  };
}

/** Its cost is the sum of the costs that are known; null where none is, because unknown is not zero. */
export function summaryView(groupBy: readonly Grouping[], row: Row): SummaryView {
  const unpriced = wholeNumber(row['total_unpriced'] as string);
  return {
    ...Object.fromEntries(groupBy.map((grouping) => [columnOf(grouping), row[`group_${grouping}`]])),
    event_count: wholeNumber(row['total_events'] as string),
    ...Object.fromEntries(QUANTITIES.map((kind) => [kind.name, amount(kind, row[`total_${kind.name}`] as string)])),
    cost_usd: row['total_cost'] ?? (unpriced === 0 ? '0' : null),
    unpriced_events: unpriced,
  };
}

/** Whole numbers are JSON numbers up to 2^53-1 and text beyond, where a JSON number would be rounded; decimals are text. */
function amount({ decimal }: QuantityKind, text: string): number | string {
  return decimal ? text : wholeNumber(text);
}

function wholeNumber(text: string | number): number | string {
  const value = Number(text);
  return Number.isSafeInteger(value) ? value : text;
}

/** "2026-11-22 12:00:00.123456" -> "2026-11-22T12:00:00.123456Z" */
export function isoTime(text: string): string {
  return `${text.replace(' ', 'T')}Z`;
}

function json(text: string): unknown {
  if (text === '') return undefined;
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}
