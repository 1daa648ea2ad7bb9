import { createHash } from 'node:crypto';
import { hourAt } from './arrival.js';
import { readLog } from './claim-log.js';
import { type Disk } from './disk.js';
import { type Coverage } from './idempotency-index.js';
import { type Manifest, readManifest } from './manifest.js';
import { Memtable, RECORD } from './memtable.js';
import { nodeDisk } from './node-disk.js';
import { logsBehind } from './open-index.js';
import { idAt, idBytesOf, pairOf } from './page.js';
import { idWords } from './packed-identity.js';
import { PairCache, type PairTexts } from './pair-cache.js';
import { readPairs } from './pair-entries.js';
import { sequenceOf } from './position.js';
import { Segment } from './segment.js';
import { SegmentCursor } from './segment-cursor.js';
import { SegmentDamagedError } from './segment-damaged-error.js';

/** The identities of an hour. */
export interface HourOfIdentities {
  readonly identities: number;
  /** Of everything known of them, whatever their order: 16 hexadecimal digits. */
  readonly digest: string;
}

/** What an index says of the identities that it holds, by their hour of arrival since 1970, in order. */
export interface IndexContents {
  readonly coverage: Coverage;
  readonly hours: ReadonlyMap<number, HourOfIdentities>;
}

export interface ContentsOf {
  /** the partition's own */
  readonly directory: string;
  readonly streamId: string;
  readonly windowDays: number;
  readonly disk?: Disk;
}

/** So often its owner may replace files while they are being opened. */
const ATTEMPTS = 20;
/** A table for logs grows as needed. */
const FIRST_BYTES = 65_536;

/**
 * Reads all of an index as it lies on the disk, beside a process that may be working with it; nothing is changed.
 * @returns null when there is none of that stream
 * @throws SegmentDamagedError when it is not as it was written
 */
export async function readIndexContents({ directory, streamId, windowDays, disk = nodeDisk }: ContentsOf): Promise<IndexContents | null> {
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    const manifest = await readManifest(disk, directory);
    if (manifest?.streamId !== streamId) return null;
    const segments: Segment[] = [];
    try {
      if (!(await openSegments(disk, directory, manifest, segments))) continue;
      const logs = await readLogs(disk, directory, manifest);
      // Files that are open can be read on, whatever becomes of their names; but all of them must be of one moment.
      if (!sameFiles(manifest, await readManifest(disk, directory))) continue;
      return await contentsOf(segments, logs, windowDays * 24, manifest);
    } finally {
      for (const segment of segments) await segment.close();
    }
  }
  throw new SegmentDamagedError(directory, 'its files do not stay while they are read');
}

async function openSegments(disk: Disk, directory: string, manifest: Manifest, into: Segment[]): Promise<boolean> {
  const cache = new PairCache();
  for (const entry of manifest.segments) {
    const segment = await Segment.open(disk, directory, entry, cache).catch((error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') return null;
      throw error;
    });
    if (segment === null) return false;
    into.push(segment);
  }
  return true;
}

async function readLogs(disk: Disk, directory: string, manifest: Manifest): Promise<{ tables: Memtable[]; coverage: Coverage }> {
  const tables: Memtable[] = [];
  let { coverage } = manifest;
  for (const number of await logsBehind(disk, directory, manifest)) {
    const table = new Memtable(FIRST_BYTES);
    coverage = await readLog(disk, directory, number, coverage, table);
    tables.push(table);
  }
  return { tables, coverage };
}

const sameFiles = (a: Manifest, b: Manifest | null): boolean => b !== null && a.logFrom === b.logFrom && JSON.stringify(a.segments) === JSON.stringify(b.segments);

async function contentsOf(segments: readonly Segment[], logs: { tables: Memtable[]; coverage: Coverage }, windowHours: number, { arrivals }: Manifest): Promise<IndexContents> {
  const hours = new HourSums();
  const newest = Math.max(arrivals.newest, ...logs.tables.map((table) => addTable(table, hours)));
  for (const segment of segments) await addSegment(segment, hours);
  return { coverage: logs.coverage, hours: hours.from(newest - windowHours) };
}

/** @returns the newest hour in it; -1 when it is empty */
function addTable(table: Memtable, hours: HourSums): number {
  const { words } = table;
  const pairs = table.pairs.list.map(wordsOfPair);
  let newest = -1;
  for (let at = 0; at < table.end; at = table.next(at)) {
    newest = Math.max(newest, table.hour(at));
    hours.add(table.hour(at), words, at, at + RECORD.id, words[at + RECORD.idBytes]!, pairs[words[at + RECORD.pair]!]!);
  }
  return newest;
}

async function addSegment(segment: Segment, hours: HourSums): Promise<void> {
  const { file, meta, entry } = segment;
  const pairs: Uint32Array[] = [];
  for await (const { customer, source } of readPairs(file, 0, meta.pairs, entry.name)) pairs.push(wordsOfPair({ customer: customer.toString(), source: source.toString() }));
  const cursor = new SegmentCursor(segment);
  for (await cursor.load(); cursor.key !== Infinity;) {
    const { words, at } = cursor;
    hours.add(hourAt(meta.arrivals, sequenceOf(words[at + 6]!, words[at + 7]!)), words, at, idAt(words, at), idBytesOf(words, at), pairs[pairOf(words, at)]!);
    if (!cursor.advance()) await cursor.load();
  }
}

/** A pair has another number in every file. */
function wordsOfPair({ customer, source }: PairTexts): Uint32Array {
  const hash = createHash('sha256').update(JSON.stringify([customer, source])).digest();
  return Uint32Array.of(hash.readUInt32LE(0), hash.readUInt32LE(4));
}

/** Adds up, by hour, the number of records and two sums modulo 2^32 of their hashes: the order does not matter, a record twice does. */
class HourSums {
  private readonly sums = new Map<number, { identities: number; low: number; high: number }>();

  /** @param id where the id begins */
  add(hour: number, words: Uint32Array, at: number, id: number, idBytes: number, pair: Uint32Array): void {
    let low = mixed(pair[0]!, idBytes);
    let high = mixed(pair[1]!, ~idBytes);
    // usage_id, fingerprint, position
    for (let i = 0; i < 8; i++) {
      low = mixed(low, words[at + i]!);
      high = mixed(high, ~words[at + i]!);
    }
    for (let i = 0, count = idWords(idBytes); i < count; i++) {
      low = mixed(low, words[id + i]!);
      high = mixed(high, ~words[id + i]!);
    }
    const sum = this.sums.get(hour) ?? { identities: 0, low: 0, high: 0 };
    this.sums.set(hour, sum);
    sum.identities++;
    sum.low = (sum.low + low) >>> 0;
    sum.high = (sum.high + high) >>> 0;
  }

  /** What has fallen out of the window may be there or not. */
  from(oldest: number): ReadonlyMap<number, HourOfIdentities> {
    const held = [...this.sums].filter(([hour]) => hour >= oldest).sort(([a], [b]) => a - b);
    return new Map(held.map(([hour, { identities, low, high }]) => [hour, { identities, digest: digits(high) + digits(low) }]));
  }
}

const digits = (word: number): string => word.toString(16).padStart(8, '0');

/** The finalizer of MurmurHash3 over a running value and a word. */
function mixed(value: number, word: number): number {
  let x = Math.imul(value, 0x9e37_79b1) ^ word;
  x = Math.imul(x ^ (x >>> 16), 0x85eb_ca6b);
  x = Math.imul(x ^ (x >>> 13), 0xc2b2_ae35);
  return (x ^ (x >>> 16)) >>> 0;
}
