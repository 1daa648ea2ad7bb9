import { QUANTITIES } from './quantities.js';
import { DICTIONARY_FIELD_NAMES, DICTIONARY_FIELDS, USAGE_SCHEMA, type DictionaryField } from './usage-columns.js';
import { type UsageRow } from './usage-row.js';
import { WireWriter } from './wire-writer.js';

/** Bytes that a row costs besides its texts, at most: fixed columns and index columns. */
const ROW_BYTES = 16 + 6 * DICTIONARY_FIELD_NAMES.length + 10 + 10 + 9;

/** A quantity that no row of this envelope has may have had a column in an earlier one. */
function used(column: Float64Array | BigInt64Array, rows: number): boolean {
  for (let i = 0; i < rows; i++) if (column[i]! >= 0) return true;
  return false;
}

/** Upper bound of a text's UTF-8 size without encoding it; exact for long ones, where the bound matters. */
const boundOf = (text: string): number => (text.length > 64 ? Buffer.byteLength(text) : text.length * 3) + 5;

/**
 * Lays events out in columns and writes them as one UsageEnvelope (usage_envelope.proto).
 *
 * Not safe against rows that break the limits of the domain: validate first.
 */
export class UsageEnvelopeBuilder {
  private static readonly writer = new WireWriter();
  private rows = 0;
  private bytes = 64;
  private readonly dictionary = new Map<string, number>([['', 0]]);
  private readonly texts: string[] = [''];
  private readonly usageIds: Uint8Array;
  private readonly ids: string[] = [];
  private readonly transactionIds: string[] = [];
  private readonly requestMetadata: string[] = [];
  private readonly responseMetadata: string[] = [];
  private readonly indexes: Record<DictionaryField, Uint32Array>;
  private readonly contexts: Uint8Array;
  private readonly statuses: Uint8Array;
  private readonly backfills: Uint8Array;
  private readonly occurred: Float64Array;
  private readonly latencies: Float64Array;
  private readonly counts: (Float64Array | undefined)[] = [];
  private readonly nanos: (BigInt64Array | undefined)[] = [];

  /** @param capacity the most rows this envelope takes */
  constructor(
    private readonly generation: number,
    private readonly partition: number,
    private readonly capacity: number,
  ) {
    this.usageIds = new Uint8Array(16 * capacity);
    this.indexes = Object.fromEntries(DICTIONARY_FIELD_NAMES.map((name) => [name, new Uint32Array(capacity)])) as Record<
      DictionaryField,
      Uint32Array
    >;
    this.contexts = new Uint8Array(capacity);
    this.statuses = new Uint8Array(capacity);
    this.backfills = new Uint8Array(capacity);
    this.occurred = new Float64Array(capacity);
    this.latencies = new Float64Array(capacity);
  }

  /** Empties it for the next envelope: its columns are kept, since making them costs more than a small envelope does. */
  reset(): void {
    for (const column of [...this.counts, ...this.nanos]) {
      if (column instanceof BigInt64Array) column.fill(-1n, 0, this.rows);
      else column?.fill(-1, 0, this.rows);
    }
    this.rows = 0;
    this.bytes = 64;
    this.dictionary.clear();
    this.dictionary.set('', 0);
    this.texts.length = 1;
    for (const texts of [this.ids, this.transactionIds, this.requestMetadata, this.responseMetadata]) texts.length = 0;
  }

  get count(): number {
    return this.rows;
  }

  /** Upper bound of the encoded size so far. */
  get byteBound(): number {
    return this.bytes;
  }

  get full(): boolean {
    return this.rows >= this.capacity;
  }

  /** Upper bound of what a row can add to the encoded size. */
  static rowBound(row: UsageRow): number {
    let bound = ROW_BYTES + boundOf(row.id) + boundOf(row.transactionId);
    bound += boundOf(row.requestMetadata) + boundOf(row.responseMetadata);
    for (const name of DICTIONARY_FIELD_NAMES) bound += row[name] === '' ? 0 : boundOf(row[name]);
    for (let mask = row.usageMask; mask !== 0; mask &= mask - 1) bound += 10;
    return bound;
  }

  /** Adds a row. @param usageId 16 bytes at `offset` */
  append(row: UsageRow, usageId: Uint8Array, offset: number): void {
    const i = this.rows++;
    const target = i * 16;
    for (let b = 0; b < 16; b++) this.usageIds[target + b] = usageId[offset + b]!;
    this.ids.push(row.id);
    this.transactionIds.push(row.transactionId);
    this.requestMetadata.push(row.requestMetadata);
    this.responseMetadata.push(row.responseMetadata);
    const { indexes } = this;
    indexes.source[i] = this.index(row.source);
    indexes.customer[i] = this.index(row.customer);
    indexes.project[i] = this.index(row.project);
    indexes.user[i] = this.index(row.user);
    indexes.provider[i] = this.index(row.provider);
    indexes.model[i] = this.index(row.model);
    indexes.operation[i] = this.index(row.operation);
    indexes.endpoint[i] = this.index(row.endpoint);
    indexes.serviceTier[i] = this.index(row.serviceTier);
    indexes.errorCode[i] = this.index(row.errorCode);
    indexes.apiKey[i] = this.index(row.apiKey);
    indexes.tags[i] = this.index(row.tags);
    indexes.clientCost[i] = this.index(row.clientCost);
    this.contexts[i] = row.context;
    this.statuses[i] = row.status;
    this.backfills[i] = row.backfill;
    this.occurred[i] = row.occurredAtUs;
    this.latencies[i] = row.latencyMs;
    for (let mask = row.usageMask; mask !== 0; mask &= mask - 1) {
      const quantity = 31 - Math.clz32(mask & -mask);
      if (QUANTITIES[quantity]!.decimal) {
        (this.nanos[quantity] ??= new BigInt64Array(this.capacity).fill(-1n))[i] = row.nanos[quantity]!;
      } else {
        (this.counts[quantity] ??= new Float64Array(this.capacity).fill(-1))[i] = row.counts[quantity]!;
      }
    }
    this.bytes += ROW_BYTES + boundOf(row.id) + 20;
    if (row.transactionId !== '') this.bytes += boundOf(row.transactionId);
    if (row.requestMetadata !== '') this.bytes += boundOf(row.requestMetadata);
    if (row.responseMetadata !== '') this.bytes += boundOf(row.responseMetadata);
    for (let mask = row.usageMask; mask !== 0; mask &= mask - 1) this.bytes += 10;
  }

  /** The encoded envelope. */
  finish(): Uint8Array {
    const writer = UsageEnvelopeBuilder.writer;
    const { rows } = this;
    writer.reset();
    writer.uint(1, USAGE_SCHEMA);
    writer.uint(2, this.generation);
    writer.uint(3, this.partition);
    writer.uint(4, rows);
    this.writeTexts(5, this.texts);
    writer.raw(6, this.usageIds.subarray(0, rows * 16));
    this.writeTexts(7, this.ids);
    for (const name of DICTIONARY_FIELD_NAMES) this.writeIndexes(DICTIONARY_FIELDS[name], this.indexes[name]);
    this.writeIndexes(21, this.contexts);
    this.writeIndexes(22, this.statuses);
    const deltas = new Float64Array(rows);
    for (let i = 0; i < rows; i++) deltas[i] = this.occurred[i]! - (i === 0 ? 0 : this.occurred[i - 1]!);
    writer.packedZigzag(23, deltas, rows);
    if (this.latencies.subarray(0, rows).some((value) => value >= 0)) writer.packedNumbers(24, this.latencies, rows, 1);
    this.writeTexts(25, this.transactionIds);
    this.writeTexts(26, this.requestMetadata);
    this.writeTexts(27, this.responseMetadata);
    for (const { index, decimal } of QUANTITIES) {
      const column = decimal ? this.nanos[index] : this.counts[index];
      if (!column || !used(column, rows)) continue;
      writer.message(28, () => {
        writer.uint(1, index + 1);
        if (column instanceof BigInt64Array) writer.packedBigPlusOne(2, column, rows);
        else writer.packedNumbers(2, column, rows, 1);
      });
    }
    this.writeIndexes(29, this.backfills);
    return writer.finish();
  }

  private index(text: string): number {
    if (text === '') return 0;
    const known = this.dictionary.get(text);
    if (known !== undefined) return known;
    const index = this.texts.length;
    this.dictionary.set(text, index);
    this.texts.push(text);
    this.bytes += boundOf(text);
    return index;
  }

  /** A column whose rows are all alike is written as one entry, and not at all when that entry is 0. */
  private writeIndexes(field: number, values: Uint32Array | Uint8Array): void {
    const first = values[0]!;
    let i = 1;
    while (i < this.rows && values[i] === first) i++;
    if (i < this.rows) UsageEnvelopeBuilder.writer.packed32(field, values, this.rows);
    else if (first !== 0) UsageEnvelopeBuilder.writer.packed32(field, values, 1);
  }

  private writeTexts(field: number, texts: readonly string[]): void {
    const whole = texts.join('');
    if (whole === '' && field !== 5) return;
    const writer = UsageEnvelopeBuilder.writer;
    const lengths = new Uint32Array(texts.length);
    const ascii = Buffer.byteLength(whole) === whole.length;
    for (let i = 0; i < texts.length; i++) lengths[i] = ascii ? texts[i]!.length : Buffer.byteLength(texts[i]!);
    writer.message(field, () => {
      writer.text(1, whole);
      writer.packed32(2, lengths, lengths.length);
    });
  }
}
