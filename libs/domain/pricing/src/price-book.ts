import { parseUsd, QUANTITY_BY_NAME, type Quantity } from '@ledgerline/kernel';

/** What one unit of usage costs, from a moment on. */
export interface Price {
  readonly provider: string;
  /** A model's exact name, or `*` for every model of the provider that has no price of its own. */
  readonly model: string;
  readonly quantity: Quantity;
  /** US dollars as a plain decimal, for `per` units. */
  readonly usd: string;
  /** Unit size: tokens, characters, seconds … that `usd` buys. A whole number above 0. */
  readonly per: number;
  /** Microseconds since the Unix epoch; in force until the next price of the same kind. */
  readonly effectiveFromUs: number;
}

/** A price as it is applied: `pico` 1e-12 USD buy `per` units. */
export interface UnitPrice {
  readonly effectiveFromUs: number;
  readonly pico: bigint;
  readonly per: bigint;
  /** Price of one unit when it is whole and small enough for exact arithmetic on doubles, else -1. */
  readonly wholePico: number;
}

/** The prices of one model: for each quantity index, newest first. */
export type ModelPrices = readonly (readonly UnitPrice[] | undefined)[];

/** A model name followed by the day it was made: `claude-3-opus-20240229`, `gpt-4o-2024-05-13`. */
const DATED = /^(.+)-(?:\d{8}|\d{4}-\d{2}-\d{2})$/;

const ANY_MODEL = '*';

/**
 * An immutable set of prices. Its version is named in every envelope that it priced.
 *
 * A model's own price wins over the one of its undated name, which wins over the provider's price for
 * all models. There is no other guessing: a name that merely looks alike has no price.
 */
export class PriceBook {
  private readonly models = new Map<string, Map<string, UnitPrice[][]>>();

  /** @throws DecimalError or RangeError on a price that cannot be applied exactly */
  constructor(
    readonly version: string,
    prices: readonly Price[],
  ) {
    for (const price of prices) this.add(price);
    for (const models of this.models.values()) {
      for (const quantities of models.values()) {
        for (const list of quantities) list?.sort((a, b) => b.effectiveFromUs - a.effectiveFromUs);
      }
    }
  }

  /** The prices of a model, or null when the book has none for it. */
  find(provider: string, model: string): ModelPrices | null {
    const models = this.models.get(provider);
    if (!models) return null;
    const undated = DATED.exec(model)?.[1];
    return models.get(model) ?? (undated ? models.get(undated) : undefined) ?? models.get(ANY_MODEL) ?? null;
  }

  /** The providers that have a price for exactly this model; none that only price all models alike. */
  providersOf(model: string): string[] {
    return [...this.models].flatMap(([provider, models]) => (model !== ANY_MODEL && models.has(model) ? [provider] : []));
  }

  private add(price: Price): void {
    const quantity = QUANTITY_BY_NAME.get(price.quantity)!;
    if (!Number.isSafeInteger(price.per) || price.per < 1) throw new RangeError(`per must be a whole number above 0, got ${price.per}`);
    const pico = parseUsd(price.usd);
    if (pico < 0n) throw new RangeError(`usd must not be negative, got ${price.usd}`);
    const per = BigInt(price.per) * (quantity.decimal ? 1_000_000_000n : 1n);
    const whole = pico % per === 0n ? pico / per : -1n;
    let models = this.models.get(price.provider);
    if (!models) this.models.set(price.provider, (models = new Map()));
    let quantities = models.get(price.model);
    if (!quantities) models.set(price.model, (quantities = []));
    (quantities[quantity.index] ??= []).push({
      effectiveFromUs: price.effectiveFromUs,
      pico,
      per,
      wholePico: whole >= 0n && whole <= 0xffff_ffffn * 1_000n ? Number(whole) : -1,
    });
  }
}

/** The price in force at a moment, or null before the first. */
export function inForce(prices: readonly UnitPrice[] | undefined, atUs: number): UnitPrice | null {
  if (!prices) return null;
  for (const price of prices) if (price.effectiveFromUs <= atUs) return price;
  return null;
}
