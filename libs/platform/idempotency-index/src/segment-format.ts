import { crc32 } from 'node:zlib';
import { type DiskFile, readFully } from './disk.js';
import { SegmentDamagedError } from './segment-damaged-error.js';

/*
 * A segment file, little-endian:
 *   pairs      entries (pair-entries.ts), zeros up to a whole page
 *   pages      records in order (page.ts)
 *   offsets    f64 a pair: where its entry begins
 *   directory  u32 a page: second word of its first usage_id
 *   filter     u32 words (segment-filter.ts)
 *   meta       JSON, SegmentMeta
 *   trailer    "LLIDX002", u32 length of meta, u32 crc of meta
 */
const MAGIC = Buffer.from('LLIDX002');
const TRAILER_BYTES = 16;
/** Hours of arrival in a segment make meta grow, by some 20 bytes each. */
const MAX_META_BYTES = 64 * 1024 * 1024;

export interface SegmentMeta {
  records: number;
  pairs: number;
  pages: number;
  pagesAt: number;
  offsetsAt: number;
  directoryAt: number;
  directoryCrc: number;
  filterAt: number;
  filterWords: number;
  filterCrc: number;
  /** [first USAGE sequence, hour of arrival], ascending: an identity arrived in the last hour that begins at or before its sequence */
  arrivals: [number, number][];
}

export function encodeMeta(meta: SegmentMeta): Buffer {
  const json = Buffer.from(JSON.stringify(meta));
  const trailer = Buffer.alloc(TRAILER_BYTES);
  trailer.set(MAGIC);
  trailer.writeUInt32LE(json.length, 8);
  trailer.writeUInt32LE(crc32(json), 12);
  return Buffer.concat([json, trailer]);
}

/** @throws SegmentDamagedError when the file does not end as a segment does */
export async function readMeta(file: DiskFile, name: string): Promise<SegmentMeta> {
  const end = (await file.size()) - TRAILER_BYTES;
  const trailer = Buffer.alloc(TRAILER_BYTES);
  const whole = end > 0 && (await readFully(file, trailer, end)) === TRAILER_BYTES && trailer.subarray(0, MAGIC.length).equals(MAGIC);
  const length = whole ? trailer.readUInt32LE(8) : Infinity;
  if (length > Math.min(end, MAX_META_BYTES)) throw new SegmentDamagedError(name, 'trailer');
  const json = Buffer.alloc(length);
  await readFully(file, json, end - length);
  if (crc32(json) !== trailer.readUInt32LE(12)) throw new SegmentDamagedError(name, 'meta');
  return JSON.parse(json.toString()) as SegmentMeta;
}

/** Reads words that have a checksum of their own. @throws SegmentDamagedError when they do not match it */
export async function readWords(file: DiskFile, at: number, count: number, crc: number, name: string, part: string): Promise<Uint32Array> {
  const bytes = new Uint8Array(count * 4);
  if ((await readFully(file, bytes, at)) < bytes.length || crc32(bytes) !== crc) throw new SegmentDamagedError(name, part);
  return new Uint32Array(bytes.buffer);
}
