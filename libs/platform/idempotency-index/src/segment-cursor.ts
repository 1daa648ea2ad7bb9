import { readFully } from './disk.js';
import { idBytesOf, isPageWhole, PAGE_BYTES, PAGE_HEAD, PAGE_WORDS, recordWords } from './page.js';
import { type Segment } from './segment.js';
import { SegmentDamagedError } from './segment-damaged-error.js';

const PAGES_AT_ONCE = 64;

/** Walks through a segment's records in order, some pages in memory at a time. */
export class SegmentCursor {
  readonly words = new Uint32Array(PAGES_AT_ONCE * PAGE_WORDS);
  /** the record's place in `words` */
  at = 0;
  /** second word of the record's usage_id; infinite behind the last record */
  key = Infinity;
  private pageEnd = 0;
  private nextPage = 0;
  private loaded = 0;
  private done = 0;

  constructor(private readonly segment: Segment) {}

  /** To the next record of the pages in memory. False: `load` first. */
  advance(): boolean {
    this.at += recordWords(idBytesOf(this.words, this.at));
    if (this.at < this.pageEnd) {
      this.key = this.words[this.at + 1]!;
      return true;
    }
    return this.enterPage();
  }

  /** Reads the next pages and stands at their first record; behind the last record there are none. */
  async load(): Promise<void> {
    const { meta, file, entry } = this.segment;
    this.loaded = Math.min(PAGES_AT_ONCE, meta.pages - this.done);
    this.nextPage = 0;
    this.key = Infinity;
    if (this.loaded === 0) return;
    const bytes = new Uint8Array(this.words.buffer, 0, this.loaded * PAGE_BYTES);
    if ((await readFully(file, bytes, meta.pagesAt + this.done * PAGE_BYTES)) < bytes.length) throw new SegmentDamagedError(entry.name, 'pages are missing');
    for (let page = 0; page < this.loaded; page++) {
      const whole = isPageWhole(this.words.subarray(page * PAGE_WORDS, (page + 1) * PAGE_WORDS));
      if (!whole) throw new SegmentDamagedError(entry.name, `page ${this.done + page}`);
    }
    this.done += this.loaded;
    this.enterPage();
  }

  private enterPage(): boolean {
    if (this.nextPage === this.loaded) return false;
    const from = this.nextPage++ * PAGE_WORDS;
    this.at = from + PAGE_HEAD;
    this.pageEnd = from + this.words[from + 1]!;
    this.key = this.words[this.at + 1]!;
    return true;
  }
}
