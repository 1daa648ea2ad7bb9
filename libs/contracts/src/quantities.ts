import { Quantity as WireQuantity } from './gen/ledgerline/metering/v1/usage_envelope_pb.js';

/** A kind of usage: disjoint, so that no token is counted in two of them. */
export type Quantity = Exclude<Lowercase<Extract<keyof typeof WireQuantity, string>>, 'unspecified'>;

export interface QuantityKind {
  readonly name: Quantity;
  /** Bit in a usage mask and place in arrays: the wire number less one. */
  readonly index: number;
  /** True: an integer of 1e-9 on the inside, up to nine places outside. False: a whole number. */
  readonly decimal: boolean;
}

const DECIMAL: readonly string[] = ['seconds', 'credits', 'units'];

/** All quantities, in wire order. */
export const QUANTITIES: readonly QuantityKind[] = Object.entries(WireQuantity)
  .filter((entry): entry is [string, number] => typeof entry[1] === 'number' && entry[1] > 0)
  .sort((a, b) => a[1] - b[1])
  .map(([name, wire]) => ({
    name: name.toLowerCase() as Quantity,
    index: wire - 1,
    decimal: DECIMAL.includes(name.toLowerCase()),
  }));

export const QUANTITY_COUNT = QUANTITIES.length;

/** Quantity by name; undefined for a name that is none. */
export const QUANTITY_BY_NAME: ReadonlyMap<string, QuantityKind> = new Map(QUANTITIES.map((q) => [q.name, q]));

/** The quantities that the metric `tokens` adds up. */
export const TOKEN_QUANTITIES: readonly QuantityKind[] = QUANTITIES.filter((q) => q.name.endsWith('_tokens'));

/** Whole numbers up to 2^53-1 are exact in JSON and in a double. */
export const MAX_COUNT = Number.MAX_SAFE_INTEGER;

/** Largest decimal quantity, so that its 1e-9 units fit a signed 64-bit integer. */
export const MAX_DECIMAL = 9_000_000_000;
