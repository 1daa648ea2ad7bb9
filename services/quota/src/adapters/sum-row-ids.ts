import { type MonthNumber } from '@ledgerline/domain-quota';

/** Past this many the memory starts anew; what is forgotten is asked for again. */
const MOST_ROWS = 300_000;

/** Which row of usage_sums a key has. */
export interface LearnedRow {
  readonly month: MonthNumber;
  readonly customer: string;
  readonly scope: string;
  readonly id: number;
}

/**
 * Ids of rows in usage_sums by key. Finding a row by a number instead of by four texts halves the cost of a batch. Only rows whose
 * transaction was committed are in here, and ids are never given out twice, so an id finds its own row or none.
 */
export class SumRowIds {
  private readonly months = new Map<MonthNumber, Map<string, Map<string, number>>>();
  private count = 0;

  /** Ids by scope of a customer's rows in a month. */
  of(month: MonthNumber, customer: string): ReadonlyMap<string, number> | undefined {
    return this.months.get(month)?.get(customer);
  }

  learn(rows: readonly LearnedRow[]): void {
    if (this.count + rows.length > MOST_ROWS) this.clear();
    for (const { month, customer, scope, id } of rows) {
      const customers = this.months.get(month) ?? new Map<string, Map<string, number>>();
      this.months.set(month, customers);
      const scopes = customers.get(customer) ?? new Map<string, number>();
      customers.set(customer, scopes.set(scope, id));
    }
    this.count += rows.length;
  }

  clear(): void {
    this.months.clear();
    this.count = 0;
  }
}
