import { partitionOf, type UsageColumns } from '@ledgerline/contracts';
import { type CorrectionRefusal } from '@ledgerline/domain-pricing';
import {
  MAX_ENDPOINT_LENGTH,
  MAX_METADATA_BYTES,
  MAX_TAG_KEY_LENGTH,
  MAX_TAG_VALUE_LENGTH,
  MAX_TAGS,
  nameProblem,
  occurredAtProblem,
  writeUsageId,
} from '@ledgerline/domain-metering';
import { parseUsd, type SipKey } from '@ledgerline/kernel';

/** Why an event is not counted, or a correction has no effect: a stable code, and what a person reads. */
export interface Refusal {
  code:
    | 'wrong_envelope'
    | 'wrong_partition'
    | 'usage_id_mismatch'
    | 'invalid'
    | 'conflict'
    | 'late'
    | 'undecodable'
    | 'not_found'
    | 'not_recorded_yet'
    | 'past_retention'
    | 'correction_conflict'
    | 'too_large'
    | CorrectionRefusal['code'];
  detail: string;
}

/** What the events of one partition are held against. */
export interface PartitionTerms {
  generation: number;
  partition: number;
  partitions: number;
  /** the deployment's key of usage_ids */
  key: SipKey;
}

type TextCheck = (text: string) => string | null;
type IndexColumn =
  'source' | 'customer' | 'project' | 'user' | 'provider' | 'model' | 'operation' | 'endpoint' | 'serviceTier' | 'errorCode' | 'apiKey' | 'tags' | 'clientCost';

const REQUIRED: readonly [IndexColumn, string, TextCheck][] = [
  ['customer', 'customer_id', nameProblem],
  ['source', 'source', nameProblem],
  ['provider', 'provider', nameProblem],
  ['model', 'model', nameProblem],
];

const OPTIONAL: readonly [IndexColumn, string, TextCheck][] = [
  ['project', 'project_id', nameProblem],
  ['user', 'user_id', nameProblem],
  ['operation', 'operation', nameProblem],
  ['endpoint', 'endpoint', (text) => nameProblem(text, MAX_ENDPOINT_LENGTH)],
  ['serviceTier', 'service_tier', nameProblem],
  ['errorCode', 'error_code', nameProblem],
  ['apiKey', 'key', nameProblem],
  ['tags', 'tags', tagsProblem],
  ['clientCost', 'client_cost_usd', costProblem],
];

const scratch = new Uint8Array(16);

/**
 * Holds every event of an envelope to what ingest would have accepted, as envelopes also come from elsewhere: identity recomputed,
 * partition, texts, times, amounts.
 * @returns one entry a row, null where nothing is wrong
 */
export function checkRows(columns: UsageColumns, recordedAtUs: number, terms: PartitionTerms): (Refusal | null)[] {
  const refusals = new Array<Refusal | null>(columns.count).fill(null);
  if (columns.generation !== terms.generation || columns.partition !== terms.partition) {
    const detail = `the envelope says generation ${columns.generation}, partition ${columns.partition}, but lies in ${terms.generation}, ${terms.partition}`;
    return refusals.fill({ code: 'wrong_envelope', detail });
  }
  checkIdentities(columns, terms, refusals);
  for (const [column, field, check] of REQUIRED) checkTexts(columns, columns[column], field, check, true, refusals);
  for (const [column, field, check] of OPTIONAL) checkTexts(columns, columns[column], field, check, false, refusals);
  checkRowTexts(columns.ids, 'id', nameProblem, true, refusals);
  checkRowTexts(columns.transactionIds, 'transaction_id', nameProblem, false, refusals);
  checkRowTexts(columns.requestMetadata, 'request_metadata', metadataProblem, false, refusals);
  checkRowTexts(columns.responseMetadata, 'response_metadata', metadataProblem, false, refusals);
  checkNumbers(columns, recordedAtUs, refusals);
  return refusals;
}

function checkIdentities(columns: UsageColumns, { key, partition, partitions }: PartitionTerms, refusals: (Refusal | null)[]): void {
  const { count, dictionary, customer, source, ids, usageIds } = columns;
  for (let row = 0; row < count; row++) {
    const at = row * 16;
    writeUsageId(key, dictionary[customer[row]!]!, dictionary[source[row]!]!, ids[row]!, scratch);
    if (!same(usageIds, at)) refusals[row] = { code: 'usage_id_mismatch', detail: 'the usage_id is not the one of customer_id, source and id' };
    else if (partitionOf(usageIds, at, partitions) !== partition) {
      refusals[row] = { code: 'wrong_partition', detail: `the event belongs to partition ${partitionOf(usageIds, at, partitions)}` };
    }
  }
}

function same(usageIds: Uint8Array, at: number): boolean {
  for (let i = 0; i < 16; i++) if (usageIds[at + i] !== scratch[i]) return false;
  return true;
}

/** Each text of the dictionary is looked at once, however many rows point to it. */
function checkTexts(columns: UsageColumns, column: Uint32Array, field: string, check: TextCheck, required: boolean, refusals: (Refusal | null)[]): void {
  const { dictionary, count } = columns;
  const known: (Refusal | null | undefined)[] = [];
  for (let row = 0; row < count; row++) {
    const index = column[row]!;
    let refusal = known[index];
    if (refusal === undefined) refusal = known[index] = textRefusal(dictionary[index]!, field, check, required);
    if (refusal !== null) refusals[row] ??= refusal;
  }
}

function checkRowTexts(texts: readonly string[] | null, field: string, check: TextCheck, required: boolean, refusals: (Refusal | null)[]): void {
  if (texts === null) return;
  for (let row = 0; row < texts.length; row++) {
    const refusal = textRefusal(texts[row]!, field, check, required);
    if (refusal !== null) refusals[row] ??= refusal;
  }
}

function textRefusal(text: string, field: string, check: TextCheck, required: boolean): Refusal | null {
  const problem = text === '' ? (required ? 'must not be empty' : null) : check(text);
  return problem === null ? null : { code: 'invalid', detail: `${field} ${problem}` };
}

function checkNumbers(columns: UsageColumns, recordedAtUs: number, refusals: (Refusal | null)[]): void {
  const { count, occurredAtUs, latencyMs, quantities } = columns;
  const refuse = (row: number, detail: string): void => {
    refusals[row] ??= { code: 'invalid', detail };
  };
  for (let row = 0; row < count; row++) {
    const time = occurredAtProblem(occurredAtUs[row]!, recordedAtUs);
    if (time !== null) refuse(row, `occurred_at ${time}`);
    if (latencyMs[row]! > Number.MAX_SAFE_INTEGER) refuse(row, 'latency_ms is too large');
  }
  for (const { values } of quantities) {
    if (!(values instanceof Float64Array)) continue;
    for (let row = 0; row < count; row++) if (values[row]! > Number.MAX_SAFE_INTEGER) refuse(row, 'usage is too large');
  }
  if (new Set(quantities.map(({ quantity }) => quantity)).size < quantities.length) {
    for (let row = 0; row < count; row++) refuse(row, 'usage names a quantity twice');
  }
}

function tagsProblem(text: string): string | null {
  const tags = parseObject(text);
  if (tags === null) return 'must be an object';
  const entries = Object.entries(tags);
  if (entries.length > MAX_TAGS) return `must have at most ${MAX_TAGS} entries`;
  for (const [key, value] of entries) {
    if (nameProblem(key, MAX_TAG_KEY_LENGTH) !== null) return 'have a bad key';
    if (typeof value !== 'string' || value.length > MAX_TAG_VALUE_LENGTH) return `must be texts of at most ${MAX_TAG_VALUE_LENGTH} characters`;
  }
  return null;
}

function metadataProblem(text: string): string | null {
  if (Buffer.byteLength(text) > MAX_METADATA_BYTES) return `must be at most ${MAX_METADATA_BYTES} bytes`;
  return parseObject(text) === null ? 'must be an object' : null;
}

function costProblem(text: string): string | null {
  try {
    return parseUsd(text) < 0n ? 'must not be negative' : null;
  } catch {
    return 'must be a decimal';
  }
}

function parseObject(text: string): Record<string, unknown> | null {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Record<string, unknown>) : null;
  } catch {
    return null;
  }
}
