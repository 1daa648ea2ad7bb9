import { type NativeColumn } from './block.js';
import { ByteBuffer } from './byte-buffer.js';
import { writeLowCardinalityBody, writeLowCardinalityPrefix } from './low-cardinality.js';
import { type DictionaryValues } from './strings.js';

/**
 * `Map(LowCardinality(String), String)` from a dictionary of whole maps: `maps` are the distinct maps, `indices` says which one each row has.
 * Every distinct map is encoded once; a row is then a copy of bytes.
 */
export function stringMapColumn(name: string, maps: readonly Readonly<Record<string, string>>[], indices: Uint32Array): NativeColumn {
  const { keys, encoded } = encodeMaps(maps);
  const offsets = new Float64Array(indices.length);
  let pairs = 0;
  let bytes = 0;
  for (let i = 0; i < indices.length; i++) {
    const map = encoded[indices[i]!]!;
    pairs += map.keys.length;
    bytes += map.values.length;
    offsets[i] = pairs;
  }
  return {
    name,
    type: 'Map(LowCardinality(String), String)',
    rows: indices.length,
    bytes: bytes + pairs * 4 + indices.length * 8 + 64,
    write(out) {
      writeLowCardinalityPrefix(out);
      const keyIndices = new Uint32Array(pairs);
      let at = 0;
      for (let i = 0; i < indices.length; i++) {
        out.uint64(offsets[i]!);
        for (const key of encoded[indices[i]!]!.keys) keyIndices[at++] = key;
      }
      const keyValues: DictionaryValues = { dictionary: keys, indices: keyIndices };
      writeLowCardinalityBody(out, keyValues);
      for (let i = 0; i < indices.length; i++) out.raw(encoded[indices[i]!]!.values);
    },
  };
}

interface EncodedMap {
  keys: number[];
  values: Buffer;
}

function encodeMaps(maps: readonly Readonly<Record<string, string>>[]): { keys: string[]; encoded: EncodedMap[] } {
  const positions = new Map<string, number>();
  const encoded = maps.map((map) => {
    const values = new ByteBuffer(64);
    const keys = Object.keys(map).map((key) => {
      values.text(map[key]!);
      let position = positions.get(key);
      if (position === undefined) positions.set(key, (position = positions.size));
      return position;
    });
    return { keys, values: values.take() };
  });
  return { keys: [...positions.keys()], encoded };
}
