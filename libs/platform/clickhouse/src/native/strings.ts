import { type NativeColumn } from './block.js';

/** `String` from one JavaScript string a row. */
export function stringColumn(name: string, values: readonly string[]): NativeColumn {
  let chars = 0;
  for (const value of values) chars += value.length;
  return {
    name,
    type: 'String',
    rows: values.length,
    bytes: chars + values.length * 2,
    write(out) {
      for (const value of values) out.text(value);
    },
  };
}

/** Values as a list of distinct texts and, per row, the position of its text in that list. */
export interface DictionaryValues {
  dictionary: readonly string[];
  indices: Uint32Array;
}

/** `String` from a dictionary: each distinct text is looked up, not repeated, in memory. */
export function dictionaryStringColumn(name: string, { dictionary, indices }: DictionaryValues): NativeColumn {
  return {
    name,
    type: 'String',
    rows: indices.length,
    bytes: indices.length * 24,
    write(out) {
      for (let i = 0; i < indices.length; i++) out.text(dictionary[indices[i]!]!);
    },
  };
}
