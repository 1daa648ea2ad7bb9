/** 32-bit words of an entry: usage_id 4, fingerprint 2, position 2 (low, high). A position is never 0. */
export const ENTRY_WORDS = 8;

/** Entries in the order they were made, in one growing typed array. */
export class EntryLog {
  words = new Uint32Array(1024 * ENTRY_WORDS);
  count = 0;

  /** Copies the entry at `from`. */
  push(entries: Uint32Array, from: number): void {
    const at = this.count * ENTRY_WORDS;
    if (at === this.words.length) {
      const larger = new Uint32Array(this.words.length * 2);
      larger.set(this.words);
      this.words = larger;
    }
    for (let i = 0; i < ENTRY_WORDS; i++) this.words[at + i] = entries[from + i]!;
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
