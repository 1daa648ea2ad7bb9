/**
 * The texts of many envelopes under one numbering. Each envelope has its own dictionary; translating an entry once per envelope and not once per row
 * is what keeps text columns cheap. Number 0 is '' and means absent, as in every envelope.
 */
export class SharedTexts {
  private readonly numbers = new Map<string, number>([['', 0]]);
  readonly texts: string[] = [''];

  number(text: string): number {
    const known = this.numbers.get(text);
    if (known !== undefined) return known;
    const number = this.texts.length;
    this.numbers.set(text, number);
    this.texts.push(text);
    return number;
  }

  /** For each entry of an envelope's dictionary its number here. */
  translate(dictionary: readonly string[]): Uint32Array {
    const numbers = new Uint32Array(dictionary.length);
    for (let i = 0; i < dictionary.length; i++) numbers[i] = this.number(dictionary[i]!);
    return numbers;
  }
}
