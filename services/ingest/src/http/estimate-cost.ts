import { QUANTITIES, type UsageRow } from '@ledgerline/contracts';
import { priceEvent, type PriceBook } from '@ledgerline/domain-pricing';
import { formatUsd } from '@ledgerline/kernel';

/** What a row will probably cost, by the function that prices it later; decimal text, null: there is no price for it. */
export function estimateCost(book: PriceBook, { provider, model, occurredAtUs, clientCost, usageMask, counts, nanos }: UsageRow): string | null {
  const quantities = QUANTITIES.flatMap(({ decimal }, index) => ((usageMask & (1 << index)) === 0 ? [] : [[index, decimal ? nanos[index]! : counts[index]!] as const]));
  const cost = priceEvent(book, { provider, model, occurredAtUs, clientCost, quantities });
  return cost === null ? null : formatUsd(cost);
}
