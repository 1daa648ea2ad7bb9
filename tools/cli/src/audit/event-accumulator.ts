import { Outcome, QUANTITIES, QUANTITY_COUNT, readInt128, type UsageColumns } from '@ledgerline/contracts';
import { type IdHash } from './facts.js';
import { type LedgerSums, noLedgerSums } from './sums.js';
import { keyText, monthOf } from './usage-key.js';

const MASK_64 = 0xffff_ffff_ffff_ffffn;
/** Sums of whole numbers are kept as doubles while exact and carried over into bigints before they stop being so. */
const EXACT = Number.MAX_SAFE_INTEGER;

const REQUESTS = QUANTITIES.find(({ name }) => name === 'requests')!.index;

interface Running {
  readonly sums: LedgerSums;
  readonly small: Float64Array;
}

/** Adds up the counted events of one partition: in all, and by key. */
export class EventAccumulator {
  private readonly byKey = new Map<string, Running>();
  private high = 0n;
  private low = 0n;

  /**
   * Adds the events of one run that count (outcomes priced and unpriced).
   *
   * @param outcomes one a row
   * @param costs 16 bytes a row
   */
  add(columns: UsageColumns, outcomes: Uint8Array, costs: Uint8Array): void {
    const requests = columns.quantities.find(({ quantity }) => quantity === REQUESTS)?.values as Float64Array | undefined;
    const ids = new DataView(columns.usageIds.buffer, columns.usageIds.byteOffset, columns.usageIds.byteLength);
    const known = new Map<string, Map<number, Running>>();
    for (let row = 0; row < columns.count; row++) {
      const outcome = outcomes[row];
      if (outcome !== Outcome.priced && outcome !== Outcome.unpriced) continue;
      const running = this.running(columns, row, known);
      running.sums.events += 1n;
      const stated = requests?.[row] ?? -1;
      running.sums.requestsMade += stated >= 0 ? BigInt(stated) : 1n;
      if (outcome === Outcome.unpriced) running.sums.unpriced += 1n;
      else running.sums.costPicoUsd += readInt128(costs, row * 16);
      this.high += ids.getBigUint64(row * 16);
      this.low += ids.getBigUint64(row * 16 + 8);
      addQuantities(running, columns, row);
    }
    this.high &= MASK_64;
    this.low &= MASK_64;
  }

  get idHash(): IdHash {
    return { high: this.high, low: this.low };
  }

  /** Exact sums by key, of everything added so far. */
  sumsByKey(): Map<string, LedgerSums> {
    return new Map([...this.byKey].map(([key, running]) => [key, settle(running)]));
  }

  private running({ dictionary, customer, provider, model, occurredAtUs }: UsageColumns, row: number, known: Map<string, Map<number, Running>>): Running {
    const month = monthOf(occurredAtUs[row]!);
    let inMonth = known.get(month);
    if (!inMonth) known.set(month, (inMonth = new Map()));
    // A USAGE message has room for some 100,000 texts, so that three indexes make one exact number.
    const place = (customer[row]! * dictionary.length + provider[row]!) * dictionary.length + model[row]!;
    let running = inMonth.get(place);
    if (running) return running;
    const key = keyText({ customer: dictionary[customer[row]!]!, month, provider: dictionary[provider[row]!]!, model: dictionary[model[row]!]! });
    running = this.byKey.get(key);
    if (!running) this.byKey.set(key, (running = { sums: noLedgerSums(), small: new Float64Array(QUANTITY_COUNT) }));
    inMonth.set(place, running);
    return running;
  }
}

function addQuantities({ sums, small }: Running, columns: UsageColumns, row: number): void {
  for (const { quantity, values } of columns.quantities) {
    const value = values[row]!;
    if (value < 0) continue;
    if (typeof value === 'bigint') {
      sums.quantities[quantity]! += value;
      continue;
    }
    if (small[quantity]! + value > EXACT) {
      sums.quantities[quantity]! += BigInt(small[quantity]!);
      small[quantity] = 0;
    }
    small[quantity]! += value;
  }
}

function settle({ sums, small }: Running): LedgerSums {
  return { ...sums, quantities: QUANTITIES.map(({ index }) => sums.quantities[index]! + BigInt(small[index]!)) };
}
