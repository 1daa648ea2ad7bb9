import { Ajv, type ErrorObject } from 'ajv';
import { QUANTITY_BY_NAME, type UsageRow } from '@ledgerline/contracts';
import { DEFAULT_SOURCE, MAX_ENDPOINT_LENGTH, MAX_METADATA_BYTES, MAX_TAG_VALUE_LENGTH, nameProblem, occurredAtProblem, parseTimestampUs } from '@ledgerline/domain-metering';
import { DecimalError, decimalTextOf, formatUsd, parseDecimal9, parseUsd } from '@ledgerline/kernel';
import { type Rejection } from '../application/record-events.js';
import { explainError } from './explain-error.js';
import { UNREADABLE_LINE } from './read-body.js';
import { usageEventSchema } from './usage-event.schema.js';

/** Checked by schema: these are the types, the lengths and the names of the fields. */
interface UsageEventJson {
  id?: string | null;
  source?: string | null;
  customer_id: string;
  project_id?: string | null;
  user_id?: string | null;
  provider: string;
  model: string;
  operation?: string | null;
  endpoint?: string | null;
  context?: 'customer' | 'system' | null;
  transaction_id?: string | null;
  service_tier?: string | null;
  usage: Record<string, number | string>;
  client_cost_usd?: number | string | null;
  occurred_at?: string | null;
  status?: 'ok' | 'error' | null;
  error_code?: string | null;
  latency_ms?: number | null;
  tags?: Record<string, string> | null;
  request_metadata?: object | null;
  response_metadata?: object | null;
}

// Lengths in UTF-16 units, as everywhere else: counting code points was a tenth of all work here. All that ajv would log is that it prefers those.
const isUsageEvent = new Ajv({ strict: true, allowUnionTypes: true, unicode: false, logger: false }).compile<UsageEventJson>(usageEventSchema);

const MAX_NANOS = 9_000_000_000n * 1_000_000_000n;
const MAX_CLIENT_COST_PICO = parseUsd('9000000');

/**
 * Fills `row` from a native usage event.
 *
 * @param plain its texts are known to hold no control character, half a surrogate pair or quote, so they are not searched again
 * @returns what is wrong with it, or null when the row is complete but for key, backfill and a missing id
 */
export function readUsageEvent(event: unknown, row: UsageRow, nowUs: number, plain = false): Rejection | null {
  if (event === UNREADABLE_LINE) return { field: '', reason: 'the line is not valid JSON' };
  if (!isUsageEvent(event)) return explainError((isUsageEvent.errors as ErrorObject[])[0]!);
  readNames(event, row);
  return (plain ? null : namesProblem(row)) ?? readTime(event, row, nowUs) ?? readUsage(event, row) ?? readClientCost(event, row) ?? readExtras(event, row, plain);
}

function readNames(event: UsageEventJson, row: UsageRow): void {
  row.id = event.id ?? '';
  row.source = event.source || DEFAULT_SOURCE;
  row.customer = event.customer_id;
  row.project = event.project_id ?? '';
  row.user = event.user_id ?? '';
  row.provider = event.provider;
  row.model = event.model;
  row.operation = event.operation ?? '';
  row.endpoint = event.endpoint ?? '';
  row.transactionId = event.transaction_id ?? '';
  row.serviceTier = event.service_tier ?? '';
  row.errorCode = event.error_code ?? '';
}

/** Lengths are the schema's business; these are the characters. */
function namesProblem(row: UsageRow): Rejection | null {
  return (
    named('id', row.id) ??
    named('source', row.source) ??
    named('customer_id', row.customer) ??
    named('project_id', row.project) ??
    named('user_id', row.user) ??
    named('provider', row.provider) ??
    named('model', row.model) ??
    named('operation', row.operation) ??
    named('endpoint', row.endpoint) ??
    named('transaction_id', row.transactionId) ??
    named('service_tier', row.serviceTier) ??
    named('error_code', row.errorCode)
  );
}

function named(field: string, text: string): Rejection | null {
  const problem = text === '' ? null : nameProblem(text, MAX_ENDPOINT_LENGTH);
  return problem === null ? null : { field, reason: problem };
}

function readTime(event: UsageEventJson, row: UsageRow, nowUs: number): Rejection | null {
  if (event.occurred_at === undefined || event.occurred_at === null) {
    row.occurredAtUs = nowUs;
    return null;
  }
  const occurredAtUs = parseTimestampUs(event.occurred_at);
  if (occurredAtUs === null) return { field: 'occurred_at', reason: 'must be an RFC 3339 time with its offset, such as 2024-01-15T10:30:00Z' };
  const problem = occurredAtProblem(occurredAtUs, nowUs);
  if (problem !== null) return { field: 'occurred_at', reason: problem };
  row.occurredAtUs = occurredAtUs;
  return null;
}

function readUsage(event: UsageEventJson, row: UsageRow): Rejection | null {
  row.usageMask = 0;
  row.status = event.status === 'error' ? 1 : 0;
  for (const name in event.usage) {
    const kind = QUANTITY_BY_NAME.get(name)!;
    const value = event.usage[name]!;
    if (kind.decimal) {
      const nanos = exact(value, parseDecimal9);
      if (typeof nanos === 'string') return { field: `usage.${name}`, reason: nanos };
      if (nanos > MAX_NANOS) return { field: `usage.${name}`, reason: 'must be at most 9000000000' };
      row.nanos[kind.index] = nanos;
    } else row.counts[kind.index] = value as number;
    row.usageMask |= 1 << kind.index;
  }
  if (row.usageMask === 0 && row.status === 0) {
    return { field: 'usage', reason: 'must name at least one quantity, unless the call failed (status error)' };
  }
  return null;
}

function readClientCost(event: UsageEventJson, row: UsageRow): Rejection | null {
  row.clientCost = '';
  if (event.client_cost_usd === undefined || event.client_cost_usd === null) return null;
  const pico = exact(event.client_cost_usd, parseUsd);
  if (typeof pico === 'string') return { field: 'client_cost_usd', reason: pico };
  if (pico > MAX_CLIENT_COST_PICO) return { field: 'client_cost_usd', reason: 'must be at most 9000000' };
  row.clientCost = formatUsd(pico);
  return null;
}

/** The value as an integer of the parser's unit, or why it cannot be taken exactly. */
function exact(value: number | string, parse: (text: string) => bigint): bigint | string {
  try {
    const amount = parse(typeof value === 'number' ? decimalTextOf(value) : value);
    return amount < 0n ? 'must not be negative' : amount;
  } catch (error) {
    if (error instanceof DecimalError) return error.reason;
    throw error;
  }
}

function readExtras(event: UsageEventJson, row: UsageRow, plain: boolean): Rejection | null {
  row.context = event.context === 'system' ? 1 : 0;
  row.latencyMs = event.latency_ms ?? -1;
  const tags = tagsText(event.tags, plain);
  if (typeof tags !== 'string') return tags;
  row.tags = tags;
  const request = metadataText('request_metadata', event.request_metadata);
  if (typeof request !== 'string') return request;
  row.requestMetadata = request;
  const response = metadataText('response_metadata', event.response_metadata);
  if (typeof response !== 'string') return response;
  row.responseMetadata = response;
  return null;
}

/** Tags in key order, so that equal tags are equal text. */
function tagsText(tags: Record<string, string> | null | undefined, plain: boolean): string | Rejection {
  if (!tags) return '';
  const keys = Object.keys(tags);
  if (keys.length === 0) return '';
  let text = '';
  for (const key of keys.sort()) {
    const value = tags[key]!;
    const problem = plain ? null : (nameProblem(key) ?? (value === '' ? null : nameProblem(value, MAX_TAG_VALUE_LENGTH)));
    if (problem !== null) return { field: `tags.${key.slice(0, 64)}`, reason: problem };
    text += plain ? `,"${key}":"${value}"` : `,${JSON.stringify(key)}:${JSON.stringify(value)}`;
  }
  return `{${text.slice(1)}}`;
}

function metadataText(field: string, metadata: object | null | undefined): string | Rejection {
  if (!metadata) return '';
  const text = JSON.stringify(metadata);
  if (text === '{}') return '';
  return Buffer.byteLength(text) > MAX_METADATA_BYTES ? { field, reason: `must be at most ${MAX_METADATA_BYTES} bytes of JSON` } : text;
}
