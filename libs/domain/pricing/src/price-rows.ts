import { divideHalfEven, parseUsd, QUANTITIES } from '@ledgerline/kernel';
import { inForce, type ModelPrices, type PriceBook, type UnitPrice } from './price-book.js';

/** The columns of a batch that a price depends on (the shape of a decoded usage envelope). */
export interface PriceableColumns {
  readonly count: number;
  readonly dictionary: readonly string[];
  readonly provider: Uint32Array;
  readonly model: Uint32Array;
  readonly occurredAtUs: Float64Array;
  /** What the client says that it costs: plain decimal text, '' where it says nothing. */
  readonly clientCost: Uint32Array;
  readonly quantities: readonly { readonly quantity: number; readonly values: Float64Array | BigInt64Array }[];
}

/** The platform's own APIs. No price list has them, so where the book has no price the cost that the client states counts. */
export const INTERNAL_PROVIDER = 'internal';

/** Where a cost comes from. */
export type PriceSource = 'book' | 'client';

const indexOf = (quantity: string): number => QUANTITIES.find(({ name }) => name === quantity)!.index;

/** Quantities that are billed as another unless the book has a price for them: the discount of a cache is what a book states. */
const BILLED_AS: ReadonlyMap<number, number> = new Map([
  [indexOf('reasoning_tokens'), indexOf('output_tokens')],
  [indexOf('cached_input_tokens'), indexOf('input_tokens')],
]);

/**
 * Costs of a batch, each row at the prices in force when it occurred.
 *
 * A row's cost is the sum of its lines; a line is amount x price / unit size, divided last and rounded
 * half to even to 1e-12 USD once. A quantity above zero that has no price makes the row unpriced: its
 * cost is unknown, which is not zero. A row without any quantity costs nothing. Of the platform's own APIs
 * ({@link INTERNAL_PROVIDER}) an unknown cost is the one that the client states, where it states one.
 *
 * @param wanted rows to price: 1; others are passed over
 * @param setCost receives a wanted row's cost in 1e-12 USD, or null when it is unpriced, and where it comes from.
 * A cost below 2^53 comes as a number, which is exact there; a larger one as a bigint.
 */
export function priceRows(
  book: PriceBook,
  columns: PriceableColumns,
  wanted: Uint8Array,
  setCost: (row: number, pico: number | bigint | null, source: PriceSource) => void,
): void {
  const { count, dictionary, provider, model, occurredAtUs, clientCost, quantities } = columns;
  const found = new Map<number, ModelPrices | null>();
  for (let row = 0; row < count; row++) {
    if (wanted[row] !== 1) continue;
    const place = provider[row]! * dictionary.length + model[row]!;
    let prices = found.get(place);
    if (prices === undefined) found.set(place, (prices = book.find(dictionary[provider[row]!]!, dictionary[model[row]!]!)));
    const cost = costOf(prices, quantities, row, occurredAtUs[row]!);
    const stated = cost === null ? statedCost(dictionary[provider[row]!]!, dictionary[clientCost[row]!]!) : null;
    if (stated === null) setCost(row, cost, 'book');
    else setCost(row, stated, 'client');
  }
}

/** An event alone, for an estimate before it is recorded. */
export interface PriceableEvent {
  readonly provider: string;
  readonly model: string;
  readonly occurredAtUs: number;
  /** plain decimal text; '': the client states none */
  readonly clientCost: string;
  /** index of the quantity, amount in its unit: whole, or 1e-9 for decimal ones */
  readonly quantities: readonly (readonly [quantity: number, amount: number | bigint])[];
}

/** What `priceRows` comes to for one event: its cost in 1e-12 USD, or null when it is unpriced. */
export function priceEvent(book: PriceBook, { provider, model, occurredAtUs, clientCost, quantities }: PriceableEvent): bigint | null {
  const columns = quantities.map(([quantity, amount]) => ({ quantity, values: typeof amount === 'number' ? Float64Array.of(amount) : BigInt64Array.of(amount) }));
  const cost = costOf(book.find(provider, model), columns, 0, occurredAtUs);
  return cost === null ? statedCost(provider, clientCost) : BigInt(cost);
}

const statedCost = (provider: string, clientCost: string): bigint | null => (provider === INTERNAL_PROVIDER && clientCost !== '' ? parseUsd(clientCost) : null);

function costOf(
  prices: ModelPrices | null,
  quantities: PriceableColumns['quantities'],
  row: number,
  atUs: number,
): number | bigint | null {
  let small = 0;
  let large = 0n;
  for (const { quantity, values } of quantities) {
    const amount = values[row]!;
    if (amount <= 0) continue;
    const price = priceOf(prices, quantity, atUs);
    if (!price) return null;
    const line = typeof amount === 'number' && price.wholePico >= 0 ? amount * price.wholePico : Infinity;
    if (small + line <= Number.MAX_SAFE_INTEGER) small += line;
    else large += divideHalfEven(BigInt(amount) * price.pico, price.per);
  }
  return large === 0n ? small : large + BigInt(small);
}

function priceOf(prices: ModelPrices | null, quantity: number, atUs: number): UnitPrice | null {
  if (!prices) return null;
  const own = inForce(prices[quantity], atUs);
  const other = own === null ? BILLED_AS.get(quantity) : undefined;
  return other === undefined ? own : inForce(prices[other], atUs);
}
