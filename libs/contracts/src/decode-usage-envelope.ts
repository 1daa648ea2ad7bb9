import { QUANTITIES, QUANTITY_COUNT } from './quantities.js';
import {
  DICTIONARY_FIELD_NAMES,
  DICTIONARY_FIELDS,
  USAGE_SCHEMA,
  type AmountColumn,
  type DictionaryField,
  type UsageColumns,
} from './usage-columns.js';
import {
  EnvelopeError,
  packed32,
  packedBigMinusOne,
  packedNumbers,
  packedZigzag,
  utf8,
  WireReader,
} from './wire-reader.js';

/** Most events in one envelope; bounds what a forged count can make a reader allocate. */
export const MAX_ROWS = 16_384;

const FIELD_NAMES = new Map<number, DictionaryField>(DICTIONARY_FIELD_NAMES.map((name) => [DICTIONARY_FIELDS[name], name]));

/**
 * Reads a USAGE message.
 *
 * Checks everything that can be checked without knowing the domain: every column fits the count, every
 * index lies in the dictionary, every text is UTF-8. What the values mean is the reader's to judge.
 *
 * @throws EnvelopeError saying what is wrong
 */
export function decodeUsageEnvelope(bytes: Uint8Array): UsageColumns {
  const fields = readFields(bytes);
  const { count } = fields;
  if (fields.schema < 1 || fields.schema > USAGE_SCHEMA) throw new EnvelopeError(`schema ${fields.schema}, expected 1 to ${USAGE_SCHEMA}`);
  if (count < 1 || count > MAX_ROWS) throw new EnvelopeError(`count ${count}, expected 1 to ${MAX_ROWS}`);
  if (fields.usageIds.length !== count * 16) throw new EnvelopeError(`usage_ids has ${fields.usageIds.length} bytes, expected ${count * 16}`);
  const dictionary = fields.dictionary;
  if (!dictionary || dictionary[0] !== '') throw new EnvelopeError('dictionary entry 0 is not the empty text');
  const texts = (name: 'ids' | 'transactionIds' | 'requestMetadata' | 'responseMetadata'): readonly string[] | null => {
    const column = fields[name];
    if (column && column.length !== count) throw new EnvelopeError(`${name} has ${column.length} entries, expected ${count}`);
    return column;
  };
  const ids = texts('ids');
  if (!ids) throw new EnvelopeError('ids is missing');
  const indexes = Object.fromEntries(
    DICTIONARY_FIELD_NAMES.map((name) => [name, spread(name, fields.columns.get(name), count, dictionary.length)]),
  ) as Record<DictionaryField, Uint32Array>;
  const deltas = fields.occurred;
  if (deltas?.length !== count) throw new EnvelopeError(`occurred_at has ${deltas?.length ?? 0} entries, expected ${count}`);
  for (let i = 1; i < count; i++) deltas[i]! += deltas[i - 1]!;
  return {
    schema: fields.schema,
    generation: fields.generation,
    partition: fields.partition,
    count,
    dictionary,
    usageIds: fields.usageIds,
    ids,
    ...indexes,
    context: new Uint8Array(spread('context', fields.contexts, count, 2)),
    status: new Uint8Array(spread('status', fields.statuses, count, 2)),
    backfill: new Uint8Array(spread('backfill', fields.backfills, count, 2)),
    occurredAtUs: deltas,
    latencyMs: whole('latency_ms', fields.latencies, count),
    transactionIds: texts('transactionIds'),
    requestMetadata: texts('requestMetadata'),
    responseMetadata: texts('responseMetadata'),
    quantities: fields.quantities.map((read) => readAmounts(read, count)),
  };
}

interface Fields {
  schema: number;
  generation: number;
  partition: number;
  count: number;
  dictionary: string[] | null;
  usageIds: Uint8Array;
  ids: string[] | null;
  columns: Map<DictionaryField, Uint32Array>;
  contexts?: Uint32Array;
  statuses?: Uint32Array;
  backfills?: Uint32Array;
  occurred?: Float64Array;
  latencies?: Float64Array;
  transactionIds: string[] | null;
  requestMetadata: string[] | null;
  responseMetadata: string[] | null;
  quantities: Uint8Array[];
}

function readFields(bytes: Uint8Array): Fields {
  const reader = new WireReader(bytes);
  const limit = MAX_ROWS;
  const fields: Fields = {
    schema: 0,
    generation: 0,
    partition: 0,
    count: 0,
    dictionary: null,
    usageIds: new Uint8Array(0),
    ids: null,
    columns: new Map(),
    transactionIds: null,
    requestMetadata: null,
    responseMetadata: null,
    quantities: [],
  };
  for (let field = reader.next(); field !== 0; field = reader.next()) {
    const name = FIELD_NAMES.get(field);
    if (name) fields.columns.set(name, packed32(reader.raw(), limit));
    else if (field === 1) fields.schema = reader.uint();
    else if (field === 2) fields.generation = reader.uint();
    else if (field === 3) fields.partition = reader.uint();
    else if (field === 4) fields.count = reader.uint();
    else if (field === 5) fields.dictionary = readTexts(reader.raw());
    else if (field === 6) fields.usageIds = reader.raw();
    else if (field === 7) fields.ids = readTexts(reader.raw());
    else if (field === 21) fields.contexts = packed32(reader.raw(), limit);
    else if (field === 22) fields.statuses = packed32(reader.raw(), limit);
    else if (field === 23) fields.occurred = packedZigzag(reader.raw(), limit);
    else if (field === 24) fields.latencies = packedNumbers(reader.raw(), limit, -1);
    else if (field === 25) fields.transactionIds = readTexts(reader.raw());
    else if (field === 26) fields.requestMetadata = readTexts(reader.raw());
    else if (field === 27) fields.responseMetadata = readTexts(reader.raw());
    else if (field === 28) fields.quantities.push(reader.raw());
    else if (field === 29) fields.backfills = packed32(reader.raw(), limit);
    else reader.skip();
  }
  return fields;
}

/** A TextColumn: decoded in one call, then cut; by characters where all are ASCII, else by bytes. */
function readTexts(bytes: Uint8Array): string[] {
  const reader = new WireReader(bytes);
  let whole: Buffer = Buffer.alloc(0);
  let lengths = new Uint32Array(0);
  for (let field = reader.next(); field !== 0; field = reader.next()) {
    if (field === 1) whole = reader.raw();
    else if (field === 2) lengths = packed32(reader.raw(), 1 << 20) as Uint32Array<ArrayBuffer>;
    else reader.skip();
  }
  const text = utf8(whole);
  const ascii = text.length === whole.length;
  const texts = new Array<string>(lengths.length);
  let at = 0;
  for (let i = 0; i < lengths.length; i++) {
    const end = at + lengths[i]!;
    if (end > whole.length) throw new EnvelopeError('a text runs past its column');
    texts[i] = ascii ? text.substring(at, end) : utf8(whole.subarray(at, end));
    at = end;
  }
  if (at !== whole.length) throw new EnvelopeError('a text column is longer than its lengths');
  return texts;
}

/** Gives a column its full length: as it is, one entry for all rows, or absent. */
function spread(name: string, column: Uint32Array | undefined, count: number, below: number): Uint32Array {
  if (!column || column.length === 0) return new Uint32Array(count);
  for (let i = 0; i < column.length; i++) {
    if (column[i]! >= below) throw new EnvelopeError(`${name} has the entry ${column[i]}, expected less than ${below}`);
  }
  if (column.length === count) return column;
  if (column.length !== 1) throw new EnvelopeError(`${name} has ${column.length} entries, expected ${count}`);
  return new Uint32Array(count).fill(column[0]!);
}

function whole(name: string, column: Float64Array | undefined, count: number): Float64Array {
  if (!column) return new Float64Array(count).fill(-1);
  if (column.length !== count) throw new EnvelopeError(`${name} has ${column.length} entries, expected ${count}`);
  return column;
}

function readAmounts(bytes: Uint8Array, count: number): AmountColumn {
  const reader = new WireReader(bytes);
  let quantity = -1;
  let packed: Buffer | undefined;
  for (let field = reader.next(); field !== 0; field = reader.next()) {
    if (field === 1) quantity = reader.uint() - 1;
    else if (field === 2) packed = reader.raw();
    else reader.skip();
  }
  if (quantity < 0 || quantity >= QUANTITY_COUNT) throw new EnvelopeError(`quantity ${quantity + 1} is unknown`);
  const { decimal, name } = QUANTITIES[quantity]!;
  const values = decimal ? packedBigMinusOne(packed ?? Buffer.alloc(0), count) : packedNumbers(packed ?? Buffer.alloc(0), count, -1);
  if (values.length !== count) throw new EnvelopeError(`${name} has ${values.length} entries, expected ${count}`);
  return { quantity, values };
}
