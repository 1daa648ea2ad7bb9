import { hourAt } from './arrival.js';
import { type Disk, type DiskFile } from './disk.js';
import { idAt, idBytesOf, isPageWhole, MAX_PAIRS, PAGE_BYTES, PAGE_HEAD, PAGE_WORDS, pairOf, recordWords } from './page.js';
import { type PackedIdentity } from './packed-identity.js';
import { type PairCache, type PairTexts } from './pair-cache.js';
import { decodePair, ENTRY_HEAD, entryLength } from './pair-entries.js';
import { sequenceOf } from './position.js';
import { SegmentDamagedError } from './segment-damaged-error.js';
import { SegmentFilter } from './segment-filter.js';
import { readMeta, readWords, type SegmentMeta } from './segment-format.js';

/** What the manifest says of a segment. */
export interface SegmentEntry {
  name: string;
  /** how often its identities were merged */
  level: number;
  records: number;
  bytes: number;
  /** CRC-32 of the file */
  crc: number;
  /** hours of arrival */
  oldestHour: number;
  newestHour: number;
}

const FIRST_READ_BYTES = 256;

/** One page in memory, for all segments: a lookup reads it and is done with it before anything else runs. */
const page = new Uint32Array(PAGE_WORDS);
const pageBytes = new Uint8Array(page.buffer);

/** An immutable file of identities, open for lookups. Its directory is in memory, its pages are read when they are needed. */
export class Segment {
  private readonly number: number;

  private constructor(
    readonly entry: SegmentEntry,
    readonly file: DiskFile,
    readonly meta: SegmentMeta,
    private readonly directory: Uint32Array,
    private readonly cache: PairCache,
  ) {
    this.number = cache.nextSegment();
  }

  /** @throws SegmentDamagedError when what it needs in memory is not as it was written */
  static async open(disk: Disk, directory: string, entry: SegmentEntry, cache: PairCache): Promise<Segment> {
    const { name } = entry;
    const file = await disk.open(`${directory}/${name}`, 'read');
    try {
      const meta = await readMeta(file, name);
      const first = await readWords(file, meta.directoryAt, meta.pages, meta.directoryCrc, name, 'directory');
      return new Segment(entry, file, meta, first, cache);
    } catch (error) {
      await file.close();
      throw error;
    }
  }

  /** @throws SegmentDamagedError when it is not as it was written */
  async readFilter(): Promise<SegmentFilter> {
    const { filterAt, filterWords, filterCrc } = this.meta;
    return new SegmentFilter(await readWords(this.file, filterAt, filterWords, filterCrc, this.entry.name, 'filter'));
  }

  /** Words of the page that `find` read last. */
  get words(): Uint32Array {
    return page;
  }

  /** Place of a usage_id's record in `words`, valid until the next lookup in any segment; -1 when it is not here. */
  find({ w0, w1, w2, w3 }: PackedIdentity): number {
    const { directory } = this;
    for (let at = this.firstPage(w1); at < directory.length && directory[at]! <= w1; at++) {
      this.readPage(at);
      for (let from = PAGE_HEAD, end = page[1]!; from < end; from += recordWords(idBytesOf(page, from))) {
        if (page[from + 1]! < w1) continue;
        if (page[from + 1]! > w1) return -1;
        if (page[from + 2] === w2 && page[from + 3] === w3 && page[from] === w0) return from;
      }
    }
    return -1;
  }

  /** Whether the record that `find` gave is of this very identity. */
  same(at: number, identity: PackedIdentity): boolean {
    if (idBytesOf(page, at) !== identity.idBytes || !identity.sameId(page, idAt(page, at))) return false;
    const { customer, source } = this.pair(pairOf(page, at));
    return customer === identity.customer && source === identity.source;
  }

  /** USAGE sequence of the record that `find` gave. */
  sequence(at: number): number {
    return sequenceOf(page[at + 6]!, page[at + 7]!);
  }

  /** Hour of arrival of the record that `find` gave. */
  hour(at: number): number {
    return hourAt(this.meta.arrivals, this.sequence(at));
  }

  close(): Promise<void> {
    return this.file.close();
  }

  /** The last page that begins below the word: a page that begins with it may follow one that ends with it. */
  private firstPage(w1: number): number {
    const { directory } = this;
    let low = 0;
    for (let high = directory.length; high - low > 1; ) {
      const middle = (low + high) >>> 1;
      if (directory[middle]! < w1) low = middle;
      else high = middle;
    }
    return low;
  }

  private readPage(at: number): void {
    const read = this.file.readSync(pageBytes, this.meta.pagesAt + at * PAGE_BYTES);
    if (read < PAGE_BYTES || !isPageWhole(page)) throw new SegmentDamagedError(this.entry.name, `page ${at}`);
  }

  private pair(number: number): PairTexts {
    const key = this.number * MAX_PAIRS + number;
    const known = this.cache.get(key);
    if (known !== undefined) return known;
    const { customer, source } = decodePair(this.readPairEntry(number), number, this.entry.name);
    return this.cache.set(key, { customer: customer.toString(), source: source.toString() });
  }

  private readPairEntry(number: number): Buffer {
    const offset = Buffer.alloc(8);
    this.file.readSync(offset, this.meta.offsetsAt + number * 8);
    const at = offset.readDoubleLE();
    if (!(at >= 0 && at < this.meta.pagesAt)) throw new SegmentDamagedError(this.entry.name, `offset of pair ${number}`);
    const first = Buffer.alloc(FIRST_READ_BYTES);
    const read = this.file.readSync(first, at);
    const length = read < ENTRY_HEAD ? 0 : entryLength(first);
    if (length <= read) return first.subarray(0, read);
    const entry = Buffer.alloc(length);
    return entry.subarray(0, this.file.readSync(entry, at));
  }
}
