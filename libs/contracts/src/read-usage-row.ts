import { QUANTITIES } from './quantities.js';
import { DICTIONARY_FIELD_NAMES, type UsageColumns } from './usage-columns.js';
import { type UsageRow } from './usage-row.js';

/** Fills `into` with row `i` of a decoded envelope. Amounts that the mask does not name keep what they were. */
export function readUsageRow(columns: UsageColumns, i: number, into: UsageRow): UsageRow {
  into.id = columns.ids[i]!;
  for (const name of DICTIONARY_FIELD_NAMES) into[name] = columns.dictionary[columns[name][i]!]!;
  into.context = columns.context[i]!;
  into.status = columns.status[i]!;
  into.backfill = columns.backfill[i]!;
  into.occurredAtUs = columns.occurredAtUs[i]!;
  into.latencyMs = columns.latencyMs[i]!;
  into.transactionId = columns.transactionIds?.[i] ?? '';
  into.requestMetadata = columns.requestMetadata?.[i] ?? '';
  into.responseMetadata = columns.responseMetadata?.[i] ?? '';
  setUsage(into, readUsage(columns, i));
  return into;
}

/** The amounts of row `i` by index of the quantity: whole numbers, or integers of 1e-9. */
export function readUsage(columns: UsageColumns, i: number): Map<number, bigint> {
  const usage = new Map<number, bigint>();
  for (const { quantity, values } of columns.quantities) {
    const value = values[i]!;
    if (value >= 0) usage.set(quantity, BigInt(value));
  }
  return usage;
}

/** Gives a row exactly these amounts. */
export function setUsage(row: UsageRow, usage: ReadonlyMap<number, bigint>): void {
  row.usageMask = 0;
  for (const [quantity, amount] of usage) {
    row.usageMask |= 1 << quantity;
    if (QUANTITIES[quantity]!.decimal) row.nanos[quantity] = amount;
    else row.counts[quantity] = Number(amount);
  }
}
