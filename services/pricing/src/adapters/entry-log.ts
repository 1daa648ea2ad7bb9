import { ENTRY_WORDS } from './claim-table.js';

/** Entries in the order they were made, in one growing typed array. */
export class EntryLog {
  words = new Uint32Array(1024 * ENTRY_WORDS);
  count = 0;

  push(entry: Uint32Array): void {
    const at = this.count * ENTRY_WORDS;
    if (at === this.words.length) {
      const larger = new Uint32Array(this.words.length * 2);
      larger.set(this.words);
      this.words = larger;
    }
    this.words.set(entry, at);
    this.count++;
  }

  clear(): void {
    this.count = 0;
  }

  /** The entries' bytes; a view, valid until the next change. */
  bytes(): Uint8Array {
    return new Uint8Array(this.words.buffer, 0, this.count * ENTRY_WORDS * 4);
  }
}
