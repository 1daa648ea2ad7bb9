import { type NativeColumn } from './block.js';
import { type ByteBuffer } from './byte-buffer.js';
import { type DictionaryValues } from './strings.js';

/** The only version of shared-dictionary serialisation there is (ClickHouse, SerializationLowCardinality.cpp). */
const KEYS_VERSION = 1;
/** The block brings its own keys, and they replace whatever dictionary came before. */
const OWN_KEYS = (1 << 9) | (1 << 10);

/** The state prefix; inside Array, Map and Tuple it stands before everything else of the column. */
export function writeLowCardinalityPrefix(out: ByteBuffer): void {
  out.uint64(KEYS_VERSION);
}

/** Keys, then one index a row in the narrowest width that fits. Nothing at all for no rows. */
export function writeLowCardinalityBody(out: ByteBuffer, { dictionary, indices }: DictionaryValues): void {
  if (indices.length === 0) return;
  const width = dictionary.length <= 0x100 ? 0 : dictionary.length <= 0x1_0000 ? 1 : 2;
  out.uint64(width | OWN_KEYS);
  out.uint64(dictionary.length);
  for (const text of dictionary) out.text(text);
  out.uint64(indices.length);
  out.raw(width === 0 ? Uint8Array.from(indices) : width === 1 ? Uint16Array.from(indices) : indices);
}

/** `LowCardinality(String)`: keys once, a small integer per row. The cheapest way to send text that repeats, whatever the table's type. */
export function lowCardinalityColumn(name: string, values: DictionaryValues): NativeColumn {
  let chars = 0;
  for (const text of values.dictionary) chars += text.length + 2;
  return {
    name,
    type: 'LowCardinality(String)',
    rows: values.indices.length,
    bytes: chars + values.indices.length * 4 + 32,
    write(out) {
      writeLowCardinalityPrefix(out);
      writeLowCardinalityBody(out, values);
    },
  };
}
