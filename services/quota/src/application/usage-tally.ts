import { type Delta, eventCountOf, Outcome, QUANTITIES, readInt128, TOKEN_QUANTITIES, type UsageColumns } from '@ledgerline/contracts';
import { monthOf, type MonthNumber, monthStartUs } from '@ledgerline/domain-quota';
import { ExactColumn } from './exact-column.js';

/** What is summed, in the unit and scale of its column in usage_sums: seconds and credits in 1e-9, cost in 1e-12 USD. */
export interface SumColumns {
  readonly event_count: ExactColumn;
  readonly requests: ExactColumn;
  readonly tokens: ExactColumn;
  readonly characters: ExactColumn;
  readonly seconds: ExactColumn;
  readonly credits: ExactColumn;
  readonly cost_usd: ExactColumn;
  readonly unpriced_events: ExactColumn;
}

export type SumName = keyof SumColumns;

/** Which sum a quantity goes into; quantities that no quota can limit go into none. */
const SUM_OF_QUANTITY: readonly (SumName | undefined)[] = QUANTITIES.map(({ name }) => {
  if (TOKEN_QUANTITIES.some((token) => token.name === name)) return 'tokens';
  return name === 'characters' || name === 'seconds' || name === 'credits' ? name : undefined;
});
const REQUESTS = QUANTITIES.find(({ name }) => name === 'requests')!.index;

/** Room for 2^26 scopes below a customer; with as many customers the key still is an exact double. */
const SCOPES = 2 ** 26;

/** A provider and a model; '' is absent. */
export interface Scope {
  readonly provider: string;
  readonly model: string;
}

/**
 * Sums of one batch by (customer, month of occurred_at, provider, model), from columns into columns: no
 * object is made for an event.
 */
export class UsageTally {
  /** Events counted: those with the outcome priced or unpriced. Corrections of them are none. */
  events = 0;
  /** By row. */
  readonly customerOf: number[] = [];
  readonly scopeOf: number[] = [];
  readonly monthOf: MonthNumber[] = [];
  readonly customers: string[] = [];
  readonly scopes: Scope[] = [];
  readonly sums: SumColumns = {
    event_count: new ExactColumn(),
    requests: new ExactColumn(),
    tokens: new ExactColumn(),
    characters: new ExactColumn(),
    seconds: new ExactColumn(),
    credits: new ExactColumn(),
    cost_usd: new ExactColumn(),
    unpriced_events: new ExactColumn(),
  };
  private readonly customerIds = new Map<string, number>();
  private readonly scopeIds = new Map<string, number>();
  private readonly rowsByMonth = new Map<MonthNumber, Map<number, number>>();

  get rowCount(): number {
    return this.customerOf.length;
  }

  /**
   * Adds what one USAGE envelope holds.
   *
   * @param outcomes one Outcome a row; @param costs 16 bytes a row, little-endian int128 of 1e-12 USD
   */
  add(usage: UsageColumns, outcomes: Uint8Array, costs: Uint8Array): void {
    const rows = this.rowsOf(usage, outcomes);
    this.addCosts(rows, outcomes, costs);
    let requests: Float64Array | undefined;
    for (const { quantity, values } of usage.quantities) {
      if (quantity === REQUESTS) requests = values as Float64Array;
      const name = SUM_OF_QUANTITY[quantity];
      if (name !== undefined) addAmounts(this.sums[name], rows, values);
    }
    // Each event is one request, a failed call too, unless it says how many it stands for.
    for (let i = 0; i < rows.length; i++) {
      if (rows[i]! < 0) continue;
      this.events++;
      this.sums.event_count.add(rows[i]!, 1);
      const stated = requests?.[i] ?? -1;
      this.sums.requests.add(rows[i]!, stated >= 0 ? stated : 1);
    }
  }

  /**
   * Adds signed rows, each in the month that its event occurred in. A row that retracts is negative throughout; a credit is a cost and
   * nothing else.
   *
   * @param usage one row for each entry, priced or unpriced
   */
  addDeltas(usage: UsageColumns, entries: readonly Delta[]): void {
    const rows = this.rowsOf(
      usage,
      Uint8Array.from(entries, ({ outcome }) => outcome),
    );
    const stated = usage.quantities.find(({ quantity }) => quantity === REQUESTS)?.values as Float64Array | undefined;
    entries.forEach((entry, i) => {
      const row = rows[i]!;
      const sign = eventCountOf(entry);
      const requests = stated?.[i] ?? -1;
      this.sums.event_count.add(row, sign);
      this.sums.requests.add(row, sign * (requests >= 0 ? requests : 1));
      if (entry.outcome === Outcome.unpriced) this.sums.unpriced_events.add(row, sign);
      else this.sums.cost_usd.addBig(row, entry.costPicoUsd);
      for (const { quantity, values } of usage.quantities) {
        const name = SUM_OF_QUANTITY[quantity];
        if (name !== undefined) addSigned(this.sums[name], row, sign, values[i]!);
      }
    });
  }

  /** The row of every event, -1 for those that do not count. */
  private rowsOf(usage: UsageColumns, outcomes: Uint8Array): Int32Array {
    const { count, customer, provider, model, occurredAtUs, dictionary } = usage;
    const rows = new Int32Array(count).fill(-1);
    const customerIds = new Int32Array(dictionary.length).fill(-1);
    const scopeIds = new Map<number, number>();
    let monthFrom = Infinity;
    let monthTo = -Infinity;
    let month = 0;
    let rowsOfMonth = new Map<number, number>();
    for (let i = 0; i < count; i++) {
      const outcome = outcomes[i];
      if (outcome !== Outcome.priced && outcome !== Outcome.unpriced) continue;
      const occurred = occurredAtUs[i]!;
      if (occurred < monthFrom || occurred >= monthTo) {
        month = monthOf(occurred);
        monthFrom = monthStartUs(month);
        monthTo = monthStartUs(month + 1);
        rowsOfMonth = this.rowsByMonth.get(month) ?? new Map<number, number>();
        this.rowsByMonth.set(month, rowsOfMonth);
      }
      const customerIndex = customer[i]!;
      let customerId = customerIds[customerIndex]!;
      if (customerId < 0) customerIds[customerIndex] = customerId = this.customerId(dictionary[customerIndex]!);
      const pair = provider[i]! * dictionary.length + model[i]!;
      let scopeId = scopeIds.get(pair);
      if (scopeId === undefined) scopeIds.set(pair, (scopeId = this.scopeId(dictionary[provider[i]!]!, dictionary[model[i]!]!)));
      const key = customerId * SCOPES + scopeId;
      let row = rowsOfMonth.get(key);
      if (row === undefined) {
        row = this.customerOf.push(customerId) - 1;
        this.scopeOf.push(scopeId);
        this.monthOf.push(month);
        rowsOfMonth.set(key, row);
      }
      rows[i] = row;
    }
    return rows;
  }

  private addCosts(rows: Int32Array, outcomes: Uint8Array, costs: Uint8Array): void {
    const { cost_usd: cost, unpriced_events: unpriced } = this.sums;
    const view = new DataView(costs.buffer, costs.byteOffset, costs.byteLength);
    for (let i = 0; i < rows.length; i++) {
      const row = rows[i]!;
      if (row < 0) continue;
      if (outcomes[i] === Outcome.unpriced) {
        unpriced.add(row, 1);
        continue;
      }
      const at = i * 16;
      const second = view.getUint32(at + 4, true);
      // Below 2^52 units (4,503 USD) a double does; nearly every event costs less.
      if (second < 0x10_0000 && view.getUint32(at + 8, true) === 0 && view.getUint32(at + 12, true) === 0) {
        cost.add(row, second * 0x1_0000_0000 + view.getUint32(at, true));
      } else {
        cost.addBig(row, readInt128(costs, at));
      }
    }
  }

  private customerId(text: string): number {
    let id = this.customerIds.get(text);
    if (id === undefined) {
      id = this.customers.push(text) - 1;
      this.customerIds.set(text, id);
    }
    return id;
  }

  private scopeId(provider: string, model: string): number {
    const text = `${provider}\0${model}`;
    let id = this.scopeIds.get(text);
    if (id === undefined) {
      id = this.scopes.push({ provider, model }) - 1;
      this.scopeIds.set(text, id);
    }
    return id;
  }
}

function addAmounts(sum: ExactColumn, rows: Int32Array, values: Float64Array | BigInt64Array): void {
  if (values instanceof Float64Array) {
    for (let i = 0; i < rows.length; i++) if (rows[i]! >= 0 && values[i]! > 0) sum.add(rows[i]!, values[i]!);
  } else {
    for (let i = 0; i < rows.length; i++) if (rows[i]! >= 0 && values[i]! > 0n) sum.addBig(rows[i]!, values[i]!);
  }
}

/** Amounts are never negative; -1 stands for one that the event does not have. */
function addSigned(sum: ExactColumn, row: number, sign: number, amount: number | bigint): void {
  if (amount <= 0) return;
  if (typeof amount === 'bigint') sum.addBig(row, BigInt(sign) * amount);
  else sum.add(row, sign * amount);
}
