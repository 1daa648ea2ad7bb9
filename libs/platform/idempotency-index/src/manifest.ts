import { crc32 } from 'node:zlib';
import { type Arrivals, NO_ARRIVALS } from './arrival.js';
import { type Disk, readFile, replaceFile } from './disk.js';
import { type Coverage, NO_COVERAGE } from './idempotency-index.js';
import { type SegmentEntry } from './segment.js';
import { SegmentDamagedError } from './segment-damaged-error.js';

export const MANIFEST = 'manifest';

/** Which files are the index of a partition. Replaced as a whole; a file it does not name is a leftover. */
export interface Manifest {
  /** id of the PRICED stream */
  streamId: string;
  /** what the segments hold */
  coverage: Coverage;
  arrivals: Arrivals;
  /** the newest first */
  segments: SegmentEntry[];
  /** the oldest log whose claims are in no segment */
  logFrom: number;
  /** for the next segment or log */
  nextNumber: number;
}

export function emptyManifest(streamId: string): Manifest {
  return { streamId, coverage: NO_COVERAGE, arrivals: NO_ARRIVALS, segments: [], logFrom: 1, nextNumber: 2 };
}

/** Its checksum in hexadecimal digits, a line's end, JSON. */
function encode(manifest: Manifest): Buffer {
  const json = JSON.stringify(manifest, null, 1);
  return Buffer.from(`${crc32(json).toString(16).padStart(8, '0')}\n${json}\n`);
}

/** Null when there is none. @throws SegmentDamagedError when it is not as it was written */
export async function readManifest(disk: Disk, directory: string): Promise<Manifest | null> {
  const bytes = await readFile(disk, directory, MANIFEST);
  if (bytes === null) return null;
  const text = Buffer.from(bytes).toString();
  const json = text.slice(9, -1);
  if (text.slice(0, 9) !== `${crc32(json).toString(16).padStart(8, '0')}\n`) throw new SegmentDamagedError(MANIFEST, 'checksum');
  return JSON.parse(json) as Manifest;
}

/** @param writer part of the temporary file's name: in a folder that several processes write to, each has its own */
export function writeManifest(disk: Disk, directory: string, manifest: Manifest, writer: string): Promise<void> {
  return replaceFile(disk, directory, MANIFEST, encode(manifest), `${MANIFEST}-${writer}.tmp`);
}
