import { type Delta, eventCountOf, Outcome, QUANTITIES, QUANTITY_COUNT, type UsageColumns } from '@ledgerline/contracts';
import { type RowHash, RowHashSum } from './row-hash.js';
import { type LedgerSums, noLedgerSums } from './sums.js';
import { keyText, monthOf } from './usage-key.js';

/** Sums of whole numbers are kept as doubles while exact and carried over into bigints before they stop being so. */
const EXACT = Number.MAX_SAFE_INTEGER;
const WORD = 0x1_0000_0000;

const REQUESTS = QUANTITIES.find(({ name }) => name === 'requests')!.index;

/** Places of what is kept as doubles, behind the quantities. */
const [EVENTS, UNPRICED, REQUESTS_MADE, COST] = [QUANTITY_COUNT, QUANTITY_COUNT + 1, QUANTITY_COUNT + 2, QUANTITY_COUNT + 3];

interface Running {
  readonly sums: LedgerSums;
  readonly small: Float64Array;
}

/** What was added up. */
export interface Accumulated {
  readonly byKey: Map<string, LedgerSums>;
  readonly rows: bigint;
  readonly originals: bigint;
  readonly rowHash: RowHash;
}

/** Adds up what counts of one partition: in all, and by key. */
export class EventAccumulator {
  private readonly byKey = new Map<string, Running>();
  private readonly hash = new RowHashSum();
  private originals = 0;
  private signedRows = 0;

  /**
   * Adds the events of a USAGE message that count (outcomes priced and unpriced).
   *
   * @param outcomes one a row
   * @param costs 16 bytes a row
   */
  addEvents(columns: UsageColumns, outcomes: Uint8Array, costs: Uint8Array, sequence: number): void {
    const requests = columns.quantities.find(({ quantity }) => quantity === REQUESTS)?.values as Float64Array | undefined;
    const ids = viewOf(columns.usageIds);
    const cost = viewOf(costs);
    const known: Known = new Map();
    for (let row = 0; row < columns.count; row++) {
      const outcome = outcomes[row];
      if (outcome !== Outcome.priced && outcome !== Outcome.unpriced) continue;
      const { sums, small } = this.running(columns, row, known);
      const at = row * 16;
      const low = outcome === Outcome.priced ? cost.getUint32(at, true) : 0;
      const high = outcome === Outcome.priced ? cost.getUint32(at + 4, true) : 0;
      small[EVENTS]!++;
      const made = requests && requests[row]! >= 0 ? requests[row]! : 1;
      if (small[REQUESTS_MADE]! + made > EXACT) carry(small, REQUESTS_MADE, (value) => (sums.requestsMade += value));
      small[REQUESTS_MADE]! += made;
      if (outcome === Outcome.unpriced) small[UNPRICED]!++;
      else if (high < 0x1000 && cost.getBigUint64(at + 8, true) === 0n) {
        // Below 2^44, some 17 dollars: what fits a double is added as one.
        const pico = high * WORD + low;
        if (small[COST]! + pico > EXACT) carry(small, COST, (value) => (sums.costPicoUsd += value));
        small[COST]! += pico;
      } else sums.costPicoUsd += (cost.getBigInt64(at + 8, true) << 64n) | cost.getBigUint64(at, true);
      this.hash.add(ids, at, sequence, row, 1, low, high);
      this.originals++;
      addQuantities({ sums, small }, columns, row);
    }
  }

  /**
   * Adds signed rows.
   *
   * @param firstIndex place of the first of them among the rows of its USAGE message: behind its own
   */
  addDeltas(columns: UsageColumns, entries: readonly Delta[], sequence: number, firstIndex: number): void {
    const requests = columns.quantities.find(({ quantity }) => quantity === REQUESTS)?.values as Float64Array | undefined;
    const ids = viewOf(columns.usageIds);
    const known: Known = new Map();
    entries.forEach((entry, row) => {
      const { sums } = this.running(columns, row, known);
      const count = eventCountOf(entry);
      const sign = BigInt(count);
      const cost = entry.outcome === Outcome.unpriced ? 0n : entry.costPicoUsd;
      sums.events += sign;
      sums.requestsMade += sign * (requests && requests[row]! >= 0 ? BigInt(requests[row]!) : 1n);
      if (entry.outcome === Outcome.unpriced) sums.unpriced += sign;
      sums.costPicoUsd += cost;
      for (const { quantity, values } of columns.quantities) if (values[row]! >= 0) sums.quantities[quantity]! += sign * BigInt(values[row]!);
      const words = BigInt.asUintN(64, cost);
      this.hash.add(ids, row * 16, sequence, firstIndex + row, count, Number(words & 0xffff_ffffn), Number(words >> 32n));
      this.signedRows++;
    });
  }

  /** Exact sums of everything added so far. */
  result(): Accumulated {
    return {
      byKey: new Map([...this.byKey].map(([key, running]) => [key, settle(running)])),
      rows: BigInt(this.originals + this.signedRows),
      originals: BigInt(this.originals),
      rowHash: this.hash.value,
    };
  }

  private running({ dictionary, customer, provider, model, occurredAtUs }: UsageColumns, row: number, known: Known): Running {
    const month = monthOf(occurredAtUs[row]!);
    let inMonth = known.get(month);
    if (!inMonth) known.set(month, (inMonth = new Map()));
    // A USAGE message has room for some 100,000 texts, so that three indexes make one exact number.
    const place = (customer[row]! * dictionary.length + provider[row]!) * dictionary.length + model[row]!;
    let running = inMonth.get(place);
    if (running) return running;
    const key = keyText({ customer: dictionary[customer[row]!]!, month, provider: dictionary[provider[row]!]!, model: dictionary[model[row]!]! });
    running = this.byKey.get(key);
    if (!running) this.byKey.set(key, (running = { sums: noLedgerSums(), small: new Float64Array(COST + 1) }));
    inMonth.set(place, running);
    return running;
  }
}

/** Running sums by month and by place in a message's dictionary. */
type Known = Map<string, Map<number, Running>>;

const viewOf = (bytes: Uint8Array): DataView => new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);

function carry(small: Float64Array, place: number, add: (value: bigint) => void): void {
  add(BigInt(small[place]!));
  small[place] = 0;
}

function addQuantities({ sums, small }: Running, columns: UsageColumns, row: number): void {
  for (const { quantity, values } of columns.quantities) {
    const value = values[row]!;
    if (value < 0) continue;
    if (typeof value === 'bigint') {
      sums.quantities[quantity]! += value;
      continue;
    }
    if (small[quantity]! + value > EXACT) carry(small, quantity, (settled) => (sums.quantities[quantity]! += settled));
    small[quantity]! += value;
  }
}

function settle({ sums, small }: Running): LedgerSums {
  return {
    events: sums.events + BigInt(small[EVENTS]!),
    unpriced: sums.unpriced + BigInt(small[UNPRICED]!),
    requestsMade: sums.requestsMade + BigInt(small[REQUESTS_MADE]!),
    costPicoUsd: sums.costPicoUsd + BigInt(small[COST]!),
    quantities: QUANTITIES.map(({ index }) => sums.quantities[index]! + BigInt(small[index]!)),
  };
}
