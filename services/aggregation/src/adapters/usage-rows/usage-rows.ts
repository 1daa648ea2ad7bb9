import { type Delta, DICTIONARY_FIELD_NAMES, type DictionaryField, Outcome, PRICED_BY_CLIENT, type UsageColumns, writeInt128 } from '@ledgerline/contracts';
import {
  decimal128Column,
  enum8Column,
  fixedColumn,
  lowCardinalityColumn,
  type NativeColumn,
  nullable,
  putInt64,
  stringColumn,
  uint8Column,
  uint16Column,
  uint32Column,
  uint64Column,
  uuidColumn,
} from '@ledgerline/clickhouse';
import { countedRows } from '../../application/counted-rows.js';
import { Amounts } from './amounts.js';
import { DeltaColumns } from './delta-columns.js';
import { clientCostColumn, COLUMN_NAMES, tagsColumn } from './mapping.js';
import { SharedTexts } from './shared-texts.js';
import { TextColumn } from './text-column.js';

/** What the rows of one USAGE message share. */
export interface RowSource {
  generation: number;
  partition: number;
  sequence: number;
  recordedAtUs: number;
  priceBookVersion: string;
}

type OptionalText = 'transactionIds' | 'requestMetadata' | 'responseMetadata';
const OPTIONAL_TEXTS: Record<OptionalText, string> = { transactionIds: 'transaction_id', requestMetadata: 'request_metadata', responseMetadata: 'response_metadata' };

/** Rows of `usage_events` under construction, column by column: no object per event ever exists. Capacity is exact: fill it before `columns()`. */
export class UsageRows {
  private rows = 0;
  private readonly shared = new SharedTexts();
  private readonly texts: Record<DictionaryField, TextColumn>;
  private readonly priceBook: TextColumn;
  private readonly usageIds: Uint8Array;
  private readonly ids: string[];
  private readonly optional: { [Name in OptionalText]?: string[] } = {};
  private readonly contexts: Uint8Array;
  private readonly statuses: Uint8Array;
  private readonly latencies: Float64Array;
  private readonly noLatency: Uint8Array;
  private readonly costs: Uint8Array;
  private readonly unpriced: Uint8Array;
  private readonly amounts: Amounts;
  private readonly occurred: Uint32Array;
  private readonly recorded: Uint32Array;
  private readonly generations: Uint16Array;
  private readonly partitions: Uint16Array;
  private readonly sequences: Uint32Array;
  private readonly sourceIndexes: Uint32Array;
  private deltas: DeltaColumns | undefined;

  constructor(readonly capacity: number) {
    this.texts = Object.fromEntries(DICTIONARY_FIELD_NAMES.map((name) => [name, new TextColumn(capacity)])) as Record<DictionaryField, TextColumn>;
    this.priceBook = new TextColumn(capacity);
    this.usageIds = new Uint8Array(capacity * 16);
    this.ids = new Array<string>(capacity);
    this.contexts = new Uint8Array(capacity);
    this.statuses = new Uint8Array(capacity);
    this.latencies = new Float64Array(capacity);
    this.noLatency = new Uint8Array(capacity).fill(1);
    this.costs = new Uint8Array(capacity * 16);
    this.unpriced = new Uint8Array(capacity);
    this.amounts = new Amounts(capacity);
    this.occurred = new Uint32Array(capacity * 2);
    this.recorded = new Uint32Array(capacity * 2);
    this.generations = new Uint16Array(capacity);
    this.partitions = new Uint16Array(capacity);
    this.sequences = new Uint32Array(capacity * 2);
    this.sourceIndexes = new Uint32Array(capacity);
  }

  get count(): number {
    return this.rows;
  }

  /**
   * Adds the rows of one USAGE message that count: outcomes priced and unpriced.
   *
   * @param costs 16 bytes a source row
   * @param priceSources a byte a source row, where any cost is the client's
   */
  append(source: RowSource, usage: UsageColumns, outcomes: Uint8Array, costs: Uint8Array, priceSources?: Uint8Array): void {
    const picked = countedRows(outcomes);
    const at = this.rows;
    this.rows += picked.length;
    const numbers = this.shared.translate(usage.dictionary);
    for (const name of DICTIONARY_FIELD_NAMES) this.texts[name].append(at, usage[name], picked, numbers, this.shared);
    this.priceBook.fill(at, picked.length, this.shared.number(source.priceBookVersion), this.shared);
    this.amounts.append(at, usage.quantities, picked);
    this.appendOptional(at, usage, picked);
    this.generations.fill(source.generation, at, this.rows);
    this.partitions.fill(source.partition, at, this.rows);
    this.sourceIndexes.set(picked, at);
    for (let i = 0; i < picked.length; i++) {
      const row = picked[i]!;
      const to = at + i;
      this.usageIds.set(usage.usageIds.subarray(row * 16, row * 16 + 16), to * 16);
      this.ids[to] = usage.ids[row]!;
      this.contexts[to] = usage.context[row]!;
      this.statuses[to] = usage.status[row]!;
      if (usage.latencyMs[row]! >= 0) {
        this.latencies[to] = usage.latencyMs[row]!;
        this.noLatency[to] = 0;
      }
      if (priceSources?.[row] === PRICED_BY_CLIENT) this.priceBook.fill(to, 1, this.shared.number(''), this.shared);
      if (outcomes[row] === Outcome.priced) this.costs.set(costs.subarray(row * 16, row * 16 + 16), to * 16);
      else this.unpriced[to] = 1;
      putInt64(this.occurred, to, usage.occurredAtUs[row]!);
      putInt64(this.recorded, to, source.recordedAtUs);
      putInt64(this.sequences, to, source.sequence);
    }
  }

  /**
   * Adds the signed rows of one message. They are rare: an object for each is no matter.
   *
   * @param firstIndex source index of the first; those before are the message's own
   */
  appendDeltas(source: RowSource, usage: UsageColumns, entries: readonly Delta[], firstIndex: number): void {
    const at = this.rows;
    const costs = new Uint8Array(entries.length * 16);
    entries.forEach((entry, i) => writeInt128(costs, i * 16, entry.costPicoUsd));
    this.append(source, usage, Uint8Array.from(entries, ({ outcome }) => outcome), costs);
    this.deltas ??= new DeltaColumns(this.capacity);
    for (const [i, entry] of entries.entries()) {
      this.deltas.set(at + i, entry);
      if (entry.retracts) this.amounts.negate(at + i);
      this.priceBook.fill(at + i, 1, this.shared.number(entry.priceBookVersion), this.shared);
      this.sourceIndexes[at + i] = firstIndex + i;
    }
  }

  private appendOptional(at: number, usage: UsageColumns, picked: Uint32Array): void {
    for (const name of Object.keys(OPTIONAL_TEXTS) as OptionalText[]) {
      const values = usage[name];
      if (!values) continue;
      const column = (this.optional[name] ??= new Array<string>(this.capacity).fill(''));
      for (let i = 0; i < picked.length; i++) column[at + i] = values[picked[i]!]!;
    }
  }

  /** The block's columns. A column that holds nothing but its default is left out and costs nothing. */
  columns(): NativeColumn[] {
    if (this.rows !== this.capacity) throw new RangeError(`${this.rows} rows where ${this.capacity} were announced`);
    const columns = [uuidColumn('usage_id', this.usageIds), stringColumn('id', this.ids)];
    for (const [field, name] of COLUMN_NAMES) if (!this.texts[field].empty) columns.push(lowCardinalityColumn(name, this.texts[field].values()));
    if (!this.texts.tags.empty) columns.push(tagsColumn(this.texts.tags.values()));
    if (!this.texts.clientCost.empty) columns.push(clientCostColumn(this.texts.clientCost.values()));
    for (const name of Object.keys(this.optional) as OptionalText[]) columns.push(stringColumn(OPTIONAL_TEXTS[name], this.optional[name]!));
    if (this.contexts.includes(1)) columns.push(enum8Column('context', "Enum8('customer' = 0, 'system' = 1)", this.contexts));
    if (this.statuses.includes(1)) columns.push(enum8Column('status', "Enum8('ok' = 0, 'error' = 1)", this.statuses));
    if (this.noLatency.includes(0)) columns.push(nullable(uint64Column('latency_ms', this.latencies), this.noLatency));
    columns.push(nullable(decimal128Column('cost_usd', 12, this.costs), this.unpriced), lowCardinalityColumn('price_book_version', this.priceBook.values()));
    if (this.deltas) columns.push(...this.deltas.columns(this.unpriced));
    else if (this.unpriced.includes(1)) columns.push(uint8Column('unpriced_count', this.unpriced));
    columns.push(uint32Column('usage_mask', this.amounts.mask), ...this.amounts.columns());
    columns.push(
      fixedColumn('occurred_at', "DateTime64(6, 'UTC')", 8, this.occurred),
      fixedColumn('recorded_at', "DateTime64(6, 'UTC')", 8, this.recorded),
      uint16Column('source_generation', this.generations),
      uint16Column('source_partition', this.partitions),
      fixedColumn('source_sequence', 'UInt64', 8, this.sequences),
      uint32Column('source_index', this.sourceIndexes),
    );
    return columns;
  }
}
