/**
 * A hash of one counted row that TypeScript and ClickHouse compute alike: 32-bit multiplications only, which both do fast.
 * It covers the identity, the place in the log, the sign and the cost, so that two rows that swapped any of these are seen
 * although all plain sums agree. Against accidents, not against forgers.
 */
export interface RowHash {
  /** Sums of the two hashes over all rows, modulo 2^64. */
  readonly first: bigint;
  readonly second: bigint;
}

export const noRowHash: RowHash = { first: 0n, second: 0n };

const MASK_64 = 0xffff_ffff_ffff_ffffn;
const WORD = 0x1_0000_0000;

/** Odd, without pattern: the first digits of the square roots of primes, one for each word of a row. */
const FACTORS = [
  [0x6a09e667, 0xbb67ae85, 0x3c6ef373, 0xa54ff53b, 0x510e527f, 0x9b05688d, 0x1f83d9ab, 0x5be0cd19, 0xcbbb9d5d],
  [0x629a292b, 0x9159015b, 0x152fecd9, 0x67332667, 0x8eb44a87, 0xdb0c2e0d, 0x47b5481d, 0xae5f9157, 0xcf6c85d3],
] as const;
const [A, B] = FACTORS;
const FINAL = [0x85ebca6b, 0xc2b2ae35] as const;

/** Adds up hashes of rows; exact for any number of them. */
export class RowHashSum {
  private first = 0n;
  private second = 0n;
  private pendingFirst = 0;
  private pendingSecond = 0;
  private pending = 0;

  /**
   * @param id view of the usage_ids, @param at offset of the row's 16 bytes
   * @param sequence USAGE sequence, @param index place in the message
   * @param count what the row adds to event counts
   * @param costLow, @param costHigh the two low 32-bit words of the cost in 1e-12 USD, two's complement; 0 when unpriced
   */
  add(id: DataView, at: number, sequence: number, index: number, count: number, costLow: number, costHigh: number): void {
    const w0 = id.getUint32(at);
    const w1 = id.getUint32(at + 4);
    const w2 = id.getUint32(at + 8);
    const w3 = id.getUint32(at + 12);
    const sequenceLow = sequence % WORD;
    this.pendingFirst += finished(
      Math.imul(w0, A[0]) + Math.imul(w1, A[1]) + Math.imul(w2, A[2]) + Math.imul(w3, A[3]) + Math.imul(sequenceLow, A[4]) + Math.imul(index, A[5]) + Math.imul(count, A[6]) + Math.imul(costLow, A[7]) + Math.imul(costHigh, A[8]),
      FINAL[0],
    );
    this.pendingSecond += finished(
      Math.imul(w0, B[0]) + Math.imul(w1, B[1]) + Math.imul(w2, B[2]) + Math.imul(w3, B[3]) + Math.imul(sequenceLow, B[4]) + Math.imul(index, B[5]) + Math.imul(count, B[6]) + Math.imul(costLow, B[7]) + Math.imul(costHigh, B[8]),
      FINAL[1],
    );
    // 2^20 words stay below 2^53.
    if (++this.pending === 1 << 20) this.settle();
  }

  get value(): RowHash {
    this.settle();
    return { first: this.first, second: this.second };
  }

  private settle(): void {
    this.first = (this.first + BigInt(this.pendingFirst)) & MASK_64;
    this.second = (this.second + BigInt(this.pendingSecond)) & MASK_64;
    this.pendingFirst = this.pendingSecond = this.pending = 0;
  }
}

function finished(sum: number, factor: number): number {
  let word = sum | 0;
  word ^= word >>> 16;
  word = Math.imul(word, factor);
  return (word ^ (word >>> 13)) >>> 0;
}

export const addRowHashes = (a: RowHash, b: RowHash): RowHash => ({ first: (a.first + b.first) & MASK_64, second: (a.second + b.second) & MASK_64 });

/** The same hashes as ClickHouse expressions over a row of `usage_events`, each a sum modulo 2^64. */
export const ROW_HASH_SQL: readonly [string, string] = [hashSql(0), hashSql(1)];

function hashSql(which: 0 | 1): string {
  const high = 'reinterpretAsUInt64(usage_id)';
  const low = "toUInt64(bitShiftRight(reinterpret(usage_id, 'UInt128'), 64))";
  const cost = 'reinterpretAsUInt64(ifNull(cost_usd, toDecimal128(0, 12)))';
  const words = [`bitShiftRight(${high}, 32)`, high, `bitShiftRight(${low}, 32)`, low, 'source_sequence', 'source_index', 'event_count', cost, `bitShiftRight(${cost}, 32)`];
  const sum = words.map((word, index) => `toUInt32(${word}) * toUInt32(${FACTORS[which][index]})`).join(' + ');
  // The server computes a part that is written twice once.
  const shifted = (word: string, by: number): string => `bitXor(${word}, bitShiftRight(${word}, ${by}))`;
  const mixed = `toUInt32(${shifted(`toUInt32(${sum})`, 16)} * toUInt32(${FINAL[which]}))`;
  return `sum(toUInt64(${shifted(mixed, 13)}))`;
}
