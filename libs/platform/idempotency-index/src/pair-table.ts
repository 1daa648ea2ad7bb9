import { type PairTexts } from './pair-cache.js';

/** A guess at what a pair costs beside its texts: entries in maps and in a list. */
const OVERHEAD_BYTES = 200;

/** The pairs (customer, source) of a memtable, each with a number: there are few. */
export class PairTable {
  /** by source, then by customer: of sources there are fewer, so that what is looked up first is at hand */
  private readonly numbers = new Map<string, Map<string, number>>();
  readonly list: PairTexts[] = [];
  bytes = 0;

  /** The pair's number, a new one when it has none. */
  enter(customer: string, source: string): number {
    let customers = this.numbers.get(source);
    if (customers === undefined) this.numbers.set(source, (customers = new Map()));
    const found = customers.get(customer);
    if (found !== undefined) return found;
    customers.set(customer, this.list.length);
    this.bytes += cost(customer, source);
    return this.list.push({ customer, source }) - 1;
  }

  /** Forgets all pairs from number `count` on. */
  truncate(count: number): void {
    for (const { customer, source } of this.list.splice(count)) {
      this.numbers.get(source)!.delete(customer);
      this.bytes -= cost(customer, source);
    }
  }
}

function cost(customer: string, source: string): number {
  return customer.length + source.length + OVERHEAD_BYTES;
}
