import { type NativeColumn } from './block.js';

/** A column of any fixed-width type whose values already lie in memory as ClickHouse writes them: little-endian, back to back. */
export function fixedColumn(name: string, type: string, width: number, values: ArrayBufferView): NativeColumn {
  if (values.byteLength % width !== 0) throw new RangeError(`column ${name}: ${values.byteLength} bytes are no multiple of ${width}`);
  return { name, type, rows: values.byteLength / width, bytes: values.byteLength, write: (out) => out.raw(values) };
}

export const uint8Column = (name: string, values: Uint8Array): NativeColumn => fixedColumn(name, 'UInt8', 1, values);
export const int8Column = (name: string, values: Int8Array): NativeColumn => fixedColumn(name, 'Int8', 1, values);
export const uint16Column = (name: string, values: Uint16Array): NativeColumn => fixedColumn(name, 'UInt16', 2, values);
export const uint32Column = (name: string, values: Uint32Array): NativeColumn => fixedColumn(name, 'UInt32', 4, values);
export const uint64Column = (name: string, values: Float64Array | BigUint64Array): NativeColumn => fixedColumn(name, 'UInt64', 8, wide(values));
export const int64Column = (name: string, values: Float64Array | BigInt64Array): NativeColumn => fixedColumn(name, 'Int64', 8, wide(values));

/** Microseconds since 1970, UTC. */
export const dateTime64Column = (name: string, valuesUs: Float64Array | BigInt64Array): NativeColumn =>
  fixedColumn(name, "DateTime64(6, 'UTC')", 8, wide(valuesUs));

/** Enum8 by its declaration, for example `Enum8('ok' = 0, 'error' = 1)`. */
export const enum8Column = (name: string, type: string, values: Uint8Array | Int8Array): NativeColumn => fixedColumn(name, type, 1, values);

/** Decimal(38, scale): 16 bytes a value, little-endian two's complement of the value times 10^scale. */
export const decimal128Column = (name: string, scale: number, values: Uint8Array): NativeColumn =>
  fixedColumn(name, `Decimal(38, ${scale})`, 16, values);

/** 16 bytes a value in the order they are read aloud; ClickHouse keeps a UUID as two little-endian halves. */
export function uuidColumn(name: string, bigEndian: Uint8Array): NativeColumn {
  return fixedColumn(name, 'UUID', 16, Buffer.from(bigEndian).swap64());
}

/** Any bytes of one length. */
export const fixedStringColumn = (name: string, width: number, values: Uint8Array): NativeColumn =>
  fixedColumn(name, `FixedString(${width})`, width, values);

function wide(values: Float64Array | BigInt64Array | BigUint64Array): ArrayBufferView {
  if (!(values instanceof Float64Array)) return values;
  const words = new Uint32Array(values.length * 2);
  for (let i = 0; i < values.length; i++) putInt64(words, i, values[i]!);
  return words;
}

/** Writes an integer of magnitude up to 2^53 as the two 32-bit words of a little-endian Int64; several times faster than through a bigint. */
export function putInt64(words: Uint32Array, index: number, value: number): void {
  const high = Math.floor(value / 0x1_0000_0000);
  words[index * 2] = value - high * 0x1_0000_0000;
  words[index * 2 + 1] = high;
}
