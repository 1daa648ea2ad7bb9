import { QUANTITIES, type UsageColumns } from '@ledgerline/contracts';
import { fixedColumn, type NativeColumn, putInt64 } from '@ledgerline/clickhouse';

/** The quantity columns of a block; one that no row has is never allocated and not sent. */
export class Amounts {
  /** Per quantity: Int64 words for whole numbers, Decimal(38, 9) words for decimal ones. */
  private readonly words: (Uint32Array | undefined)[] = [];
  /** Per row, bit i: quantity i is present, which tells 0 from absent. */
  readonly mask: Uint32Array;

  constructor(private readonly capacity: number) {
    this.mask = new Uint32Array(capacity);
  }

  append(at: number, quantities: UsageColumns['quantities'], picked: Uint32Array): void {
    for (const { quantity, values } of quantities) {
      const bit = 1 << quantity;
      if (values instanceof Float64Array) this.appendCounts(at, quantity, bit, values, picked);
      else this.appendNanos(at, quantity, bit, values, picked);
    }
  }

  private appendCounts(at: number, quantity: number, bit: number, values: Float64Array, picked: Uint32Array): void {
    const words = (this.words[quantity] ??= new Uint32Array(this.capacity * 2));
    for (let i = 0; i < picked.length; i++) {
      const value = values[picked[i]!]!;
      if (value < 0) continue;
      putInt64(words, at + i, value);
      this.mask[at + i]! |= bit;
    }
  }

  private appendNanos(at: number, quantity: number, bit: number, values: BigInt64Array, picked: Uint32Array): void {
    const words = (this.words[quantity] ??= new Uint32Array(this.capacity * 4));
    const halves = new Int32Array(values.buffer, values.byteOffset, values.length * 2);
    for (let i = 0; i < picked.length; i++) {
      const low = halves[picked[i]! * 2]!;
      const high = halves[picked[i]! * 2 + 1]!;
      if (high < 0) continue;
      words[(at + i) * 4] = low;
      words[(at + i) * 4 + 1] = high;
      this.mask[at + i]! |= bit;
    }
  }

  /** Turns the sign of everything one row holds: two's complement over the words of each amount. */
  negate(row: number): void {
    for (const { index, decimal } of QUANTITIES) {
      const words = this.words[index];
      if (!words) continue;
      const width = decimal ? 4 : 2;
      let carry = 1;
      for (let at = row * width; at < (row + 1) * width; at++) {
        const turned = (~words[at]! >>> 0) + carry;
        words[at] = turned;
        carry = turned > 0xffff_ffff ? 1 : 0;
      }
    }
  }

  columns(): NativeColumn[] {
    return QUANTITIES.flatMap(({ name, index, decimal }) => {
      const words = this.words[index];
      if (!words) return [];
      return [decimal ? fixedColumn(name, 'Decimal(38, 9)', 16, words) : fixedColumn(name, 'Int64', 8, words)];
    });
  }
}
