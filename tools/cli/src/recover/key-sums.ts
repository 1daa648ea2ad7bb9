import { QUANTITIES, type UsageColumns, type UsageRow } from '@ledgerline/contracts';
import { addSums, type LedgerSums, noLedgerSums } from '../audit/sums.js';
import { keyText, monthOf } from '../audit/usage-key.js';
import { type StoredEvent } from './stored-event.js';

const REQUESTS = QUANTITIES.find(({ name }) => name === 'requests')!.index;

/** Sums by customer, month, provider and model, keyed as the audit keys them. */
export class KeySums {
  readonly byKey = new Map<string, LedgerSums>();

  add({ row, costPicoUsd }: StoredEvent): void {
    this.count(row.customer, row.occurredAtUs, row.provider, row.model, costPicoUsd, (quantity) => amountOf(row, quantity));
  }

  /** Adds one event of an envelope. @param costPicoUsd null: unpriced */
  addRow(usage: UsageColumns, at: number, costPicoUsd: bigint | null): void {
    const text = (column: Uint32Array): string => usage.dictionary[column[at]!]!;
    this.count(text(usage.customer), usage.occurredAtUs[at]!, text(usage.provider), text(usage.model), costPicoUsd, (quantity) => {
      const value = usage.quantities.find((column) => column.quantity === quantity)?.values[at] ?? -1;
      return value < 0 ? null : BigInt(value);
    });
  }

  private count(customer: string, occurredAtUs: number, provider: string, model: string, costPicoUsd: bigint | null, amount: (quantity: number) => bigint | null): void {
    const key = keyText({ customer, month: monthOf(occurredAtUs), provider, model });
    const sums = this.byKey.get(key) ?? noLedgerSums();
    this.byKey.set(key, sums);
    addSums(sums, {
      events: 1n,
      unpriced: costPicoUsd === null ? 1n : 0n,
      costPicoUsd: costPicoUsd ?? 0n,
      quantities: QUANTITIES.map(({ index }) => amount(index) ?? 0n),
    });
    sums.requestsMade += amount(REQUESTS) ?? 1n;
  }
}

function amountOf(row: UsageRow, quantity: number): bigint | null {
  if ((row.usageMask & (1 << quantity)) === 0) return null;
  return QUANTITIES[quantity]!.decimal ? row.nanos[quantity]! : BigInt(row.counts[quantity]!);
}
