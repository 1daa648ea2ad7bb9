import { crc32 } from 'node:zlib';
import { type DiskFile } from './disk.js';
import { PAGE_BYTES, PAGE_HEAD, PAGE_WORDS, recordWords, sealPage, writeRecord } from './page.js';
import { encodePair, type Pair } from './pair-entries.js';
import { SegmentFilter } from './segment-filter.js';
import { encodeMeta, type SegmentMeta } from './segment-format.js';

/** Pages written at a time: so long is the work between two pauses. */
const PAGES_AT_ONCE = 128;
const PAIR_BYTES_AT_ONCE = 64 * 1024;

/** Size and checksum of a file that is written. */
export interface WrittenFile {
  bytes: number;
  crc: number;
}

/**
 * Writes a segment from its beginning to its end: first all pairs, then all records, in order. `add` fills pages until `full`; then they
 * must be written. Records have the pair's number and the length of their id beside the words they bring.
 */
export class SegmentWriter {
  private position = 0;
  private crc = 0;
  private offsets: number[] = [];
  private pairBatch: Buffer[] = [];
  private pairBatchBytes = 0;
  private readonly batch = new Uint32Array(PAGES_AT_ONCE * PAGE_WORDS);
  private batched = 0;
  private page = this.batch.subarray(0, PAGE_WORDS);
  private used = PAGE_HEAD;
  private readonly filter: SegmentFilter;
  private readonly directory: number[] = [];
  private pagesAt = -1;
  private records = 0;

  /** @param most upper bound of the records, for which the filter is made */
  constructor(
    private readonly file: DiskFile,
    most: number,
  ) {
    this.filter = SegmentFilter.forIdentities(most);
  }

  async addPair(pair: Pair): Promise<void> {
    this.offsets.push(this.position + this.pairBatchBytes);
    const entry = encodePair(pair, this.offsets.length - 1);
    this.pairBatch.push(entry);
    this.pairBatchBytes += entry.length;
    if (this.pairBatchBytes >= PAIR_BYTES_AT_ONCE) await this.writePairs();
  }

  async endPairs(): Promise<void> {
    await this.writePairs();
    const rest = this.position % PAGE_BYTES;
    if (rest > 0) await this.write(new Uint8Array(PAGE_BYTES - rest));
    this.pagesAt = this.position;
  }

  /** Only the page that is being filled is left: `writePages` before the next `add`. */
  get full(): boolean {
    return this.batched === PAGES_AT_ONCE - 1;
  }

  add(words: Uint32Array, at: number, id: number, idBytes: number, pair: number): void {
    const count = recordWords(idBytes);
    if (this.used + count > PAGE_WORDS) this.endPage();
    if (this.used === PAGE_HEAD) this.directory.push(words[at + 1]!);
    writeRecord(this.page, this.used, words, at, id, idBytes, pair);
    this.used += count;
    this.records++;
    this.filter.add(words[at + 1]!, words[at + 2]!);
  }

  async writePages(): Promise<void> {
    if (this.batched === 0) return;
    await this.write(new Uint8Array(this.batch.buffer, 0, this.batched * PAGE_BYTES));
    // The page that is being filled goes on at the beginning of the next batch.
    this.batch.copyWithin(0, this.batched * PAGE_WORDS, this.batched * PAGE_WORDS + this.used);
    this.batched = 0;
    this.page = this.batch.subarray(0, PAGE_WORDS);
  }

  /** Writes the rest and syncs the file. */
  async finish(arrivals: [number, number][]): Promise<WrittenFile> {
    if (this.used > PAGE_HEAD) this.endPage();
    await this.writePages();
    const offsetsAt = this.position;
    await this.write(new Uint8Array(Float64Array.from(this.offsets).buffer));
    const directoryAt = this.position;
    const directory = new Uint8Array(Uint32Array.from(this.directory).buffer);
    await this.write(directory);
    const filterAt = this.position;
    const filter = new Uint8Array(this.filter.words.buffer);
    await this.write(filter);
    const meta: SegmentMeta = {
      records: this.records,
      pairs: this.offsets.length,
      pages: this.directory.length,
      pagesAt: this.pagesAt,
      offsetsAt,
      directoryAt,
      directoryCrc: crc32(directory),
      filterAt,
      filterWords: this.filter.words.length,
      filterCrc: crc32(filter),
      arrivals,
    };
    await this.write(encodeMeta(meta));
    await this.file.sync();
    return { bytes: this.position, crc: this.crc };
  }

  private endPage(): void {
    sealPage(this.page, this.used);
    this.batched++;
    this.page = this.batch.subarray(this.batched * PAGE_WORDS, (this.batched + 1) * PAGE_WORDS);
    this.used = PAGE_HEAD;
  }

  private async writePairs(): Promise<void> {
    if (this.pairBatch.length > 0) await this.write(Buffer.concat(this.pairBatch));
    this.pairBatch = [];
    this.pairBatchBytes = 0;
  }

  private async write(bytes: Uint8Array): Promise<void> {
    this.crc = crc32(bytes, this.crc);
    await this.file.write(bytes, this.position);
    this.position += bytes.length;
  }
}
