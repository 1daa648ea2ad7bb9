import { formatUsd, parseUsd, QUANTITIES, type QuantityKind } from '@ledgerline/kernel';
import { type CorrectionRecord, type EventRow, type EventView, type Position, type SummaryView, type UserTotals } from '../application/ports.js';
import { columnOf, type Grouping } from '../application/summary-query.js';

/** A row as ClickHouse writes it in JSON: 64-bit and larger numbers, decimals and times are text. */
export type Row = Record<string, unknown> & { usage_mask?: number };

const OPTIONAL = ['project_id', 'user_id', 'operation', 'endpoint', 'transaction_id', 'service_tier', 'error_code', 'api_key_id', 'price_book_version'] as const;

/** A row of usage_events. */
export function eventRow(row: Row): EventRow {
  return {
    kind: row['kind'] as string,
    version: row['version'] as number,
    correctionId: row['correction_id'] as string,
    eventCount: row['event_count'] as -1 | 0 | 1,
    costUsd: row['cost_usd'] as string | null,
    position: position(row),
    event: eventView(row),
  };
}

/** A row of corrections. */
export function correctionRecord(row: Row): CorrectionRecord {
  return {
    correctionId: row['correction_id'] as string,
    kind: row['kind'] as string,
    customerId: row['customer_id'] as string,
    outcome: row['outcome'] as string,
    code: row['code'] as string,
    detail: row['detail'] as string,
    requestedBy: row['requested_by'] as string,
    reason: row['reason'] as string,
    requestedAt: isoTime(row['requested_at'] as string),
    target: json(row['target'] as string),
    replacedBy: row['replaced_by'] as string | null,
    recordedAt: isoTime(row['recorded_at'] as string),
    position: position(row),
  };
}

const position = (row: Row): Position => ({
  generation: row['source_generation'] as number,
  partition: row['source_partition'] as number,
  sequence: Number(row['source_sequence']),
  index: row['source_index'] as number,
});

/** A stored event as the API shows it; what the client left out is left out, and the price book where the cost was stated. */
function eventView(row: Row): EventView {
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
    price_source: priceSource(row),
    client_cost_usd: row['client_cost_usd'] ?? undefined,
    tags: row['tags'],
    request_metadata: json(row['request_metadata'] as string),
    response_metadata: json(row['response_metadata'] as string),
    occurred_at: isoTime(row['occurred_at'] as string),
    recorded_at: isoTime(row['recorded_at'] as string),
  };
}

/**
 * What the table's column of this name says. It is computed here: a column that is computed there has every column of every row read before a page is
 * cut off, instead of those of the page.
 */
function priceSource(row: Row): string | undefined {
  if (row['cost_usd'] === null) return undefined;
  if (row['price_book_version'] !== '') return 'book';
  return row['kind'] === 'recorded' ? 'client' : 'correction';
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
  const sums = sumsOf(row, 'total');
  return {
    ...Object.fromEntries(groupBy.map((grouping) => [columnOf(grouping), row[`group_${grouping}`]])),
    event_count: wholeNumber(String(sums.events)),
    ...Object.fromEntries(QUANTITIES.map((kind) => [kind.name, amount(kind, row[`total_${kind.name}`] as string)])),
    cost_usd: sums.costUsd,
    unpriced_events: wholeNumber(String(sums.unpriced)),
    ...('previous_events' in row ? comparison(sums, sumsOf(row, 'previous')) : {}),
  };
}

interface Sums {
  events: bigint;
  unpriced: bigint;
  costUsd: string | null;
}

function sumsOf(row: Row, of: 'total' | 'previous'): Sums {
  const events = BigInt(row[`${of}_events`] as string);
  const unpriced = BigInt(row[`${of}_unpriced`] as string);
  const cost = row[`${of}_cost`] as string | null;
  // What was taken back leaves a sum of 0 where nothing has a price any more.
  const known = unpriced === 0n || events > unpriced || /[1-9]/.test(cost ?? '');
  return { events, unpriced, costUsd: known ? (cost ?? '0') : null };
}

/** The period before, and the exact difference to it; none to or from a cost that is unknown. */
function comparison(sums: Sums, previous: Sums) {
  return {
    previous: { event_count: wholeNumber(String(previous.events)), cost_usd: previous.costUsd, unpriced_events: wholeNumber(String(previous.unpriced)) },
    change: {
      event_count: wholeNumber(String(sums.events - previous.events)),
      cost_usd: sums.costUsd === null || previous.costUsd === null ? null : formatUsd(parseUsd(sums.costUsd) - parseUsd(previous.costUsd)),
    },
  };
}

/** Null where there is no row to sum, which is no user. */
export function userTotals(row: Row): UserTotals | null {
  if (Number(row['rows_read']) === 0) return null;
  return { events: Number(row['total_events']), unpricedEvents: Number(row['total_unpriced']), costUsd: (row['total_cost'] as string | null) ?? '0', platformCredits: (row['total_credits'] as string | null) ?? '0' };
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
