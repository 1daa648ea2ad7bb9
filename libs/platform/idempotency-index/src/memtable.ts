import { type Claimant } from './idempotency-index.js';
import { idWords, type PackedIdentity } from './packed-identity.js';
import { positionHigh, positionLow } from './position.js';
import { PairTable } from './pair-table.js';

/**
 * Words of a record: usage_id 0-3, fingerprint 4-5, position 6-7, number of the pair (customer, source) 8, hour of arrival 9, length of the
 * id 10 (see PackedIdentity), the id from 11 on.
 */
export const RECORD = { fingerprint: 4, position: 6, pair: 8, hour: 9, idBytes: 10, id: 11 } as const;
/** Words of a record whose id is a UUID. */
const USUAL_WORDS = 15;
const TAG_SHIFT = 24;
const PLACES = 2 ** TAG_SHIFT - 1;
const MAX_LOAD = 0.6;
const SPARE = 1.1;

/**
 * The newest identities: records in the order they came, in one array of words, and an open-addressing table of where each lies. Both are
 * made for the size at which it is written out; the memory of what is not used yet is not touched. The usage_ids are keyed hashes, hence
 * uniform and not for an attacker to choose.
 */
export class Memtable {
  words: Uint32Array;
  /** where the next record goes */
  end = 0;
  count = 0;
  readonly pairs = new PairTable();
  /** the record's place + 1 in 24 bits, above them 8 bits of its usage_id; 0: free. Small, for every claim looks at a random one. */
  private slots: Uint32Array;
  private mask: number;

  /** @param bytes the size of records at which it is to be written out, 60 MB at most */
  constructor(bytes: number) {
    if ((bytes / 4) * SPARE > PLACES) throw new RangeError(`a memtable of ${bytes} bytes is larger than its places reach`);
    this.words = untouchedWords(Math.ceil((bytes / 4) * SPARE) + USUAL_WORDS);
    let slots = 64;
    while (slots * MAX_LOAD < bytes / 4 / USUAL_WORDS) slots *= 2;
    this.slots = untouchedWords(slots);
    this.mask = slots - 1;
  }

  /** Bytes in use, pairs included. */
  get bytes(): number {
    return this.end * 4 + this.pairs.bytes;
  }

  /** Place of the newest record with this usage_id, or -1. An older one may lie there too, when it had fallen out of the window. */
  find({ w0, w1, w2, w3 }: PackedIdentity): number {
    const { slots, mask, words } = this;
    let found = -1;
    const tag = w2 >>> TAG_SHIFT;
    for (let slot = w3 & mask, entry = slots[slot]!; entry !== 0; slot = (slot + 1) & mask, entry = slots[slot]!) {
      if (entry >>> TAG_SHIFT !== tag) continue;
      const at = (entry & PLACES) - 1;
      if (words[at] === w0 && words[at + 1] === w1 && words[at + 2] === w2 && words[at + 3] === w3) found = at;
    }
    return found;
  }

  /** Whether the record at `at` is of this very identity. */
  same(at: number, identity: PackedIdentity): boolean {
    const { words } = this;
    if (words[at + RECORD.idBytes] !== identity.idBytes || !identity.sameId(words, at + RECORD.id)) return false;
    const { customer, source } = this.pairs.list[words[at + RECORD.pair]!]!;
    return customer === identity.customer && source === identity.source;
  }

  /** Hour of arrival of the record at `at`. */
  hour(at: number): number {
    return this.words[at + RECORD.hour]!;
  }

  insert(identity: PackedIdentity, { fingerprintHigh, fingerprintLow, sequence, row }: Claimant, hour: number): void {
    const count = idWords(identity.idBytes);
    this.reserve(RECORD.id + count);
    const { words, end: at } = this;
    words[at] = identity.w0;
    words[at + 1] = identity.w1;
    words[at + 2] = identity.w2;
    words[at + 3] = identity.w3;
    words[at + 4] = fingerprintHigh;
    words[at + 5] = fingerprintLow;
    words[at + 6] = positionLow(sequence, row);
    words[at + 7] = positionHigh(sequence);
    words[at + RECORD.pair] = this.pairs.enter(identity.customer, identity.source);
    words[at + RECORD.hour] = hour;
    words[at + RECORD.idBytes] = identity.idBytes;
    for (let i = 0; i < count; i++) words[at + RECORD.id + i] = identity.idWords[i]!;
    this.end = at + RECORD.id + count;
    this.enter(at);
  }

  /** Appends records as they were written to a log. @returns false when they are not whole records */
  restore(records: Uint32Array): boolean {
    this.reserve(records.length);
    this.words.set(records, this.end);
    const to = this.end + records.length;
    while (this.end < to) {
      const at = this.end;
      this.end = this.next(at);
      if (this.end > to) return false;
      this.enter(at);
    }
    return true;
  }

  /** Place of the record behind the one at `at`, here or in a copy of the records. */
  next(at: number, words = this.words): number {
    return at + RECORD.id + idWords(words[at + RECORD.idBytes]!);
  }

  /** Takes all records from `end` on out again, and the pairs from number `pairs` on. */
  truncate(end: number, pairs: number): void {
    const places: number[] = [];
    for (let at = end; at < this.end; at = this.next(at)) places.push(at);
    // In the opposite order of entering, every slot can simply be freed: nothing that is left was placed behind it.
    for (const at of places.reverse()) this.free(at);
    this.count -= places.length;
    this.end = end;
    this.pairs.truncate(pairs);
  }

  private free(at: number): void {
    let slot = this.words[at + 3]! & this.mask;
    while ((this.slots[slot]! & PLACES) !== at + 1) slot = (slot + 1) & this.mask;
    this.slots[slot] = 0;
  }

  private enter(at: number): void {
    if (++this.count > (this.mask + 1) * MAX_LOAD * SPARE) this.growSlots(at);
    this.place(at);
  }

  private place(at: number): void {
    const { slots, mask, words } = this;
    let slot = words[at + 3]! & mask;
    while (slots[slot] !== 0) slot = (slot + 1) & mask;
    slots[slot] = (words[at + 2]! & ~PLACES) | (at + 1);
  }

  private growSlots(before: number): void {
    this.slots = new Uint32Array(this.slots.length * 2);
    this.mask = this.slots.length - 1;
    for (let at = 0; at < before; at = this.next(at)) this.place(at);
  }

  private reserve(count: number): void {
    if (this.end + count <= this.words.length) return;
    if (this.end + count > PLACES) throw new RangeError(`a memtable holds at most ${PLACES * 4} bytes`);
    const larger = new Uint32Array(Math.max(this.words.length * 2, this.end + count));
    larger.set(this.words.subarray(0, this.end));
    this.words = larger;
  }
}

/** Zeros whose memory is taken only where it is written to: of an array made of its length, all would be. */
function untouchedWords(count: number): Uint32Array {
  return new Uint32Array(new ArrayBuffer(count * 4));
}
