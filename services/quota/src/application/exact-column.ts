/** Where a number's sum would stop being exact, above or below zero, it moves on into a bigint. */
const MAX_EXACT = Number.MAX_SAFE_INTEGER;

/**
 * Sums by row, exact at any size: doubles as long as they are whole numbers from -(2^53-1) to 2^53-1, bigints beyond.
 * A tally of 60,000 events adds doubles only, unless somebody really uses 9 * 10^15 tokens.
 */
export class ExactColumn {
  /** False as long as nothing but zeros was added. */
  touched = false;
  private low = new Float64Array(1024);
  private readonly high = new Map<number, bigint>();

  /** Adds a whole number from -(2^53-1) to 2^53-1. */
  add(row: number, amount: number): void {
    if (amount === 0) return;
    this.touched = true;
    if (row >= this.low.length) this.grow(row);
    const sum = this.low[row]! + amount;
    // A sum past 2^53-1 may be rounded, but never to something nearer to zero than that.
    if (sum <= MAX_EXACT && sum >= -MAX_EXACT) this.low[row] = sum;
    else this.addBig(row, BigInt(amount));
  }

  /** Adds any whole number. */
  addBig(row: number, amount: bigint): void {
    if (amount === 0n) return;
    this.touched = true;
    this.high.set(row, (this.high.get(row) ?? 0n) + amount);
  }

  /** The sum of a row as an integer's decimal text. */
  text(row: number): string {
    const low = this.low[row] ?? 0;
    const high = this.high.size > 0 ? this.high.get(row) : undefined;
    return high === undefined ? String(low) : String(high + BigInt(low));
  }

  private grow(row: number): void {
    const grown = new Float64Array(Math.max(row + 1, this.low.length * 2));
    grown.set(this.low);
    this.low = grown;
  }
}
