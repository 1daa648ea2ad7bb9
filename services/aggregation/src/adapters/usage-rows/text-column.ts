import { type DictionaryValues } from '@ledgerline/clickhouse';
import { type SharedTexts } from './shared-texts.js';

/** One text column of the block: the distinct texts it uses, and which one each row has. */
export class TextColumn {
  private readonly indices: Uint32Array;
  private readonly own: string[] = [''];
  /** Shared number -> position in `own`, plus one; 0 is not seen yet. */
  private positions = new Uint32Array(256);

  constructor(capacity: number) {
    this.indices = new Uint32Array(capacity);
    this.positions[0] = 1;
  }

  /** True while every row is absent: the column can be left out. */
  get empty(): boolean {
    return this.own.length === 1;
  }

  /**
   * @param at first row to fill
   * @param values per source row an index into the envelope's dictionary
   * @param picked source rows to take, in order
   * @param numbers the dictionary's entries as shared numbers
   */
  append(at: number, values: Uint32Array, picked: Uint32Array, numbers: Uint32Array, shared: SharedTexts): void {
    for (let i = 0; i < picked.length; i++) {
      const value = values[picked[i]!]!;
      if (value !== 0) this.indices[at + i] = this.position(numbers[value]!, shared);
    }
  }

  /** The same text for `count` rows. */
  fill(at: number, count: number, number: number, shared: SharedTexts): void {
    this.indices.fill(this.position(number, shared), at, at + count);
  }

  values(): DictionaryValues {
    return { dictionary: this.own, indices: this.indices };
  }

  private position(number: number, shared: SharedTexts): number {
    if (number >= this.positions.length) {
      const grown = new Uint32Array(Math.max(this.positions.length * 2, number + 1));
      grown.set(this.positions);
      this.positions = grown;
    }
    const known = this.positions[number]!;
    if (known !== 0) return known - 1;
    this.own.push(shared.texts[number]!);
    this.positions[number] = this.own.length;
    return this.own.length - 1;
  }
}
