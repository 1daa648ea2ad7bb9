import { type PairTexts } from './pair-cache.js';

/** A guess at what a pair costs beside its texts: entries in maps and in a list. */
const OVERHEAD_BYTES = 300;

/** The pairs (customer, source) of a memtable, each with a number: there are few. */
export class PairTable {
  private readonly numbers = new Map<string, Map<string, number>>();
  readonly list: PairTexts[] = [];
  bytes = 0;

  /** The pair's number, a new one when it has none. */
  enter(customer: string, source: string): number {
    let sources = this.numbers.get(customer);
    if (sources === undefined) this.numbers.set(customer, (sources = new Map()));
    const found = sources.get(source);
    if (found !== undefined) return found;
    sources.set(source, this.list.length);
    this.bytes += cost(customer, source);
    return this.list.push({ customer, source }) - 1;
  }

  /** Forgets all pairs from number `count` on. */
  truncate(count: number): void {
    for (const { customer, source } of this.list.splice(count)) {
      this.numbers.get(customer)!.delete(source);
      this.bytes -= cost(customer, source);
    }
  }
}

function cost(customer: string, source: string): number {
  return customer.length + source.length + OVERHEAD_BYTES;
}
