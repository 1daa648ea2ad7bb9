import { crc32 } from 'node:zlib';
import { idWords } from './packed-identity.js';

/*
 * A page of a segment, in words: crc of the rest 0, words in use 1, records from 2 on, zeros.
 * A record: usage_id 0-3, fingerprint 4-5, position 6-7, then 8: number of the pair (customer, source) in 24 bits and above it the length of
 * the id in bytes: 0 for a UUID in 16 bytes, LONG when the length is in a word of its own, 9. The id follows, padded to words.
 * Records are in the order of compareIds.
 */
/** 39 records of UUIDs fill it well; a checksum over it costs less than the call that reads it. */
export const PAGE_BYTES = 2_048;
export const PAGE_WORDS = PAGE_BYTES / 4;
export const PAGE_HEAD = 2;
/** Words that records have in common in a memtable and in a page: usage_id, fingerprint, position. */
export const COMMON_WORDS = 8;
export const MAX_PAIRS = 2 ** 24;
const LONG = 255;

/** The order of records in segments: by the usage_id's second word first, as the first one also chooses the partition. */
export function compareIds(a: Uint32Array, at: number, b: Uint32Array, bt: number): number {
  return a[at + 1]! - b[bt + 1]! || a[at + 2]! - b[bt + 2]! || a[at + 3]! - b[bt + 3]! || a[at]! - b[bt]!;
}

export function pairOf(words: Uint32Array, at: number): number {
  return words[at + 8]! & (MAX_PAIRS - 1);
}

/** Length of the id, bytes; 0 for a UUID. */
export function idBytesOf(words: Uint32Array, at: number): number {
  const code = words[at + 8]! >>> 24;
  return code === LONG ? words[at + 9]! : code;
}

/** Where the id begins. */
export function idAt(words: Uint32Array, at: number): number {
  return at + (words[at + 8]! >>> 24 === LONG ? 10 : 9);
}

/** Words of a record with an id of `idBytes`. */
export function recordWords(idBytes: number): number {
  return (idBytes < LONG ? 9 : 10) + idWords(idBytes);
}

/** Writes a record to `page[to]`: the common words from `words[at]`, the id from `words[id]`. */
export function writeRecord(page: Uint32Array, to: number, words: Uint32Array, at: number, id: number, idBytes: number, pair: number): void {
  for (let i = 0; i < COMMON_WORDS; i++) page[to + i] = words[at + i]!;
  const long = idBytes >= LONG;
  page[to + 8] = pair | ((long ? LONG : idBytes) << 24);
  if (long) page[to + 9] = idBytes;
  const count = idWords(idBytes);
  for (let i = 0, from = to + (long ? 10 : 9); i < count; i++) page[from + i] = words[id + i]!;
}

/** Completes a page whose records end at word `used`. */
export function sealPage(page: Uint32Array, used: number): void {
  page[1] = used;
  page.fill(0, used);
  page[0] = pageCrc(page);
}

/** Whether a page is as it was written. */
export function isPageWhole(page: Uint32Array): boolean {
  return page[0] === pageCrc(page) && page[1]! <= PAGE_WORDS;
}

function pageCrc(page: Uint32Array): number {
  return crc32(new Uint8Array(page.buffer, page.byteOffset + 4, PAGE_BYTES - 4));
}
