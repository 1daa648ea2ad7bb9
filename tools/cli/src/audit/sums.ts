import { formatDecimal9, formatUsd } from '@ledgerline/kernel';
import { QUANTITIES, QUANTITY_COUNT } from '@ledgerline/contracts';

/**
 * What a set of counted events adds up to. Every number is exact: counts and whole quantities as they are,
 * decimal quantities in 1e-9, cost in 1e-12 USD.
 */
export interface Sums {
  events: bigint;
  unpriced: bigint;
  /** By index of QUANTITIES. */
  quantities: bigint[];
  costPicoUsd: bigint;
}

/** What the log says of a key: the sums, and what a quota of requests counts. */
export interface LedgerSums extends Sums {
  /** Each event is one request, unless it says how many it stands for. */
  requestsMade: bigint;
}

export const noSums = (): Sums => ({ events: 0n, unpriced: 0n, quantities: Array.from({ length: QUANTITY_COUNT }, () => 0n), costPicoUsd: 0n });

export const noLedgerSums = (): LedgerSums => ({ ...noSums(), requestsMade: 0n });

/** Adds `more` to `sums` in place. */
export function addSums(sums: Sums, more: Sums): void {
  sums.events += more.events;
  sums.unpriced += more.unpriced;
  sums.costPicoUsd += more.costPicoUsd;
  for (let i = 0; i < QUANTITY_COUNT; i++) sums.quantities[i]! += more.quantities[i]!;
}

/** Adds `more` to `sums` in place. */
export function addLedgerSums(sums: LedgerSums, more: LedgerSums): void {
  addSums(sums, more);
  sums.requestsMade += more.requestsMade;
}

export const copySums = (sums: LedgerSums): LedgerSums => ({ ...sums, quantities: [...sums.quantities] });

/** Sums by key, added; neither map is changed. */
export function addByKey(first: ReadonlyMap<string, LedgerSums>, second: ReadonlyMap<string, LedgerSums>): ReadonlyMap<string, LedgerSums> {
  const all = new Map(first);
  for (const [key, sums] of second) {
    const before = all.get(key);
    const both = copySums(sums);
    if (before) addLedgerSums(both, before);
    all.set(key, both);
  }
  return all;
}

/** Whether nothing is left: everything that was counted was taken back. */
export const isZero = ({ events, unpriced, costPicoUsd, quantities }: Sums): boolean =>
  events === 0n && unpriced === 0n && costPicoUsd === 0n && quantities.every((value) => value === 0n);

/** One number of a set of sums, with the way it is written. */
export interface NamedSum {
  readonly name: string;
  readonly of: (sums: Sums) => bigint;
  readonly text: (value: bigint) => string;
}

const whole = (value: bigint): string => value.toString();

/** Everything that two sets of sums are compared by, in the order in which a difference is named. */
export const NAMED_SUMS: readonly NamedSum[] = [
  { name: 'event_count', of: (sums) => sums.events, text: whole },
  { name: 'unpriced_events', of: (sums) => sums.unpriced, text: whole },
  { name: 'cost_usd', of: (sums) => sums.costPicoUsd, text: formatUsd },
  ...QUANTITIES.map(({ name, index, decimal }) => ({
    name,
    of: (sums: Sums): bigint => sums.quantities[index]!,
    text: decimal ? formatDecimal9 : whole,
  })),
];
