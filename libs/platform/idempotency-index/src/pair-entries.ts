import { crc32 } from 'node:zlib';
import { type DiskFile, readFully } from './disk.js';
import { SegmentDamagedError } from './segment-damaged-error.js';

/** Customer and source of an identity, as UTF-8. */
export interface Pair {
  customer: Buffer;
  source: Buffer;
}

/*
 * An entry: u32 crc of the rest, u32 number, u16 length of the customer, u16 length of the source, both texts; little-endian.
 * A segment's entries are in the order of comparePairs, numbered from 0.
 */
export const ENTRY_HEAD = 12;
const CHUNK_BYTES = 64 * 1024;

export function comparePairs(a: Pair, b: Pair): number {
  return Buffer.compare(a.customer, b.customer) || Buffer.compare(a.source, b.source);
}

export function encodePair({ customer, source }: Pair, number: number): Buffer {
  const entry = Buffer.allocUnsafe(ENTRY_HEAD + customer.length + source.length);
  entry.writeUInt32LE(number, 4);
  entry.writeUInt16LE(customer.length, 8);
  entry.writeUInt16LE(source.length, 10);
  entry.set(customer, ENTRY_HEAD);
  entry.set(source, ENTRY_HEAD + customer.length);
  entry.writeUInt32LE(crc32(entry.subarray(4)), 0);
  return entry;
}

/** Length of the entry that begins with these bytes. */
export function entryLength(head: Buffer): number {
  return ENTRY_HEAD + head.readUInt16LE(8) + head.readUInt16LE(10);
}

/** @throws SegmentDamagedError when the bytes are not the whole entry of that number */
export function decodePair(entry: Buffer, number: number, name: string): Pair {
  const length = entry.length < ENTRY_HEAD ? Infinity : entryLength(entry);
  if (entry.length < length || entry.readUInt32LE(0) !== crc32(entry.subarray(4, length)) || entry.readUInt32LE(4) !== number) {
    throw new SegmentDamagedError(name, `pair ${number}`);
  }
  const customerTo = ENTRY_HEAD + entry.readUInt16LE(8);
  return { customer: entry.subarray(ENTRY_HEAD, customerTo), source: entry.subarray(customerTo, length) };
}

/** Reads entries 0 to count - 1 in order, a chunk at a time. They begin at `from`. */
export async function* readPairs(file: DiskFile, from: number, count: number, name: string): AsyncGenerator<Pair> {
  let chunk = Buffer.alloc(0);
  let at = from;
  for (let number = 0; number < count; number++) {
    if (chunk.length < ENTRY_HEAD || chunk.length < entryLength(chunk)) {
      const next = Buffer.alloc(CHUNK_BYTES);
      chunk = Buffer.concat([chunk, next.subarray(0, await readFully(file, next, at))]);
      at += CHUNK_BYTES;
    }
    const pair = decodePair(chunk, number, name);
    yield pair;
    chunk = chunk.subarray(ENTRY_HEAD + pair.customer.length + pair.source.length);
  }
}
