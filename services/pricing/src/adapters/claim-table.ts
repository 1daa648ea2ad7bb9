import { Claim, type Claimant } from '../application/idempotency-index.js';
import { ENTRY_WORDS, type EntryLog } from './entry-log.js';

const ROW_BITS = 14;
const SEQUENCE_LOW = 2 ** (32 - ROW_BITS);
const SHARD_BITS = 8;
const FIRST_SLOTS = 64;
const LEAST_LOAD = 0.55;
const LOAD_SPREAD = 0.25;

const littleEndianHost = new Uint8Array(new Uint32Array([1]).buffer)[0] === 1;

/**
 * An open-addressing hash table on typed arrays: no object per entry, 32 bytes a slot. It is split into 256 shards by the id's bits,
 * each growing alone, so that no single growth step moves more than 1/256 of the entries. The ids are keyed hashes, hence uniform
 * and not for an attacker to choose.
 */
export class ClaimTable {
  private readonly shards: Uint32Array[] = Array.from({ length: 1 << SHARD_BITS }, () => new Uint32Array(FIRST_SLOTS * ENTRY_WORDS));
  private readonly used = new Uint32Array(1 << SHARD_BITS);
  private entries = 0;

  /** @param made receives every entry that a claim makes */
  constructor(private readonly made?: EntryLog) {}

  get size(): number {
    return this.entries;
  }

  /** Looks the identity up and enters it when it is missing. */
  claim({ usageIds, at, fingerprintHigh, fingerprintLow, sequence, row }: Claimant): Claim {
    const low = (((sequence % SEQUENCE_LOW) << ROW_BITS) | row) >>> 0;
    const high = Math.floor(sequence / SEQUENCE_LOW);
    const id0 = word(usageIds, at);
    const id1 = word(usageIds, at + 4);
    const id2 = word(usageIds, at + 8);
    const id3 = word(usageIds, at + 12);
    const shard = id1 >>> (32 - SHARD_BITS);
    const slots = this.shards[shard]!;
    const slot = find(slots, id0, id1, id2, id3);
    if ((slots[slot + 6]! | slots[slot + 7]!) !== 0) {
      if (slots[slot + 6] === low && slots[slot + 7] === high) return Claim.own;
      return slots[slot + 4] === fingerprintHigh >>> 0 && slots[slot + 5] === fingerprintLow >>> 0 ? Claim.duplicate : Claim.conflict;
    }
    slots[slot] = id0;
    slots[slot + 1] = id1;
    slots[slot + 2] = id2;
    slots[slot + 3] = id3;
    slots[slot + 4] = fingerprintHigh;
    slots[slot + 5] = fingerprintLow;
    slots[slot + 6] = low;
    slots[slot + 7] = high;
    this.made?.push(slots, slot);
    this.entered(shard);
    return Claim.original;
  }

  /** Enters an entry as it was written to a file; one that is already there stays. */
  restore(words: Uint32Array, from: number): void {
    const shard = words[from + 1]! >>> (32 - SHARD_BITS);
    const slots = this.shards[shard]!;
    const slot = find(slots, words[from]!, words[from + 1]!, words[from + 2]!, words[from + 3]!);
    if ((slots[slot + 6]! | slots[slot + 7]!) !== 0) return;
    for (let i = 0; i < ENTRY_WORDS; i++) slots[slot + i] = words[from + i]!;
    this.entered(shard);
  }

  /** Takes an entry out, closing the gap so that no lookup stops short. */
  remove(words: Uint32Array, from: number): void {
    const shard = words[from + 1]! >>> (32 - SHARD_BITS);
    const slots = this.shards[shard]!;
    let gap = find(slots, words[from]!, words[from + 1]!, words[from + 2]!, words[from + 3]!);
    if ((slots[gap + 6]! | slots[gap + 7]!) === 0) return;
    const last = slots.length - ENTRY_WORDS;
    const distance = (from: number, to: number) => (to >= from ? to - from : to - from + slots.length);
    for (let at = gap === last ? 0 : gap + ENTRY_WORDS; (slots[at + 6]! | slots[at + 7]!) !== 0; at = at === last ? 0 : at + ENTRY_WORDS) {
      // An entry may move into the gap unless its first slot lies behind the gap.
      if (distance(home(slots, slots[at + 2]!), at) >= distance(gap, at)) {
        slots.copyWithin(gap, at, at + ENTRY_WORDS);
        gap = at;
      }
    }
    slots.fill(0, gap, gap + ENTRY_WORDS);
    this.used[shard]!--;
    this.entries--;
  }

  /** The position that has the identity, or null. */
  positionOf(usageIds: Uint8Array, at: number): { sequence: number; row: number } | null {
    const id1 = word(usageIds, at + 4);
    const slots = this.shards[id1 >>> (32 - SHARD_BITS)]!;
    const slot = find(slots, word(usageIds, at), id1, word(usageIds, at + 8), word(usageIds, at + 12));
    const low = slots[slot + 6]!;
    const high = slots[slot + 7]!;
    return (low | high) === 0 ? null : { sequence: high * SEQUENCE_LOW + (low >>> ROW_BITS), row: low & ((1 << ROW_BITS) - 1) };
  }

  private entered(shard: number): void {
    this.entries++;
    const slots = this.shards[shard]!;
    // Uniform ids fill all shards alike: with one limit for all they would all grow at the same moment.
    const limit = LEAST_LOAD + (LOAD_SPREAD * shard) / this.shards.length;
    if (++this.used[shard]! * ENTRY_WORDS > slots.length * limit) this.shards[shard] = grown(slots);
  }
}

/** Word offset of an id's first slot, by its third word: the second one chose the shard. */
function home(slots: Uint32Array, id2: number): number {
  return (id2 & (slots.length / ENTRY_WORDS - 1)) * ENTRY_WORDS;
}

/** Word offset of the slot that holds the id, or of the free slot where it belongs. */
function find(slots: Uint32Array, id0: number, id1: number, id2: number, id3: number): number {
  const last = slots.length - ENTRY_WORDS;
  let at = home(slots, id2);
  while ((slots[at + 6]! | slots[at + 7]!) !== 0) {
    if (slots[at + 3] === id3 && slots[at + 2] === id2 && slots[at + 1] === id1 && slots[at] === id0) return at;
    at = at === last ? 0 : at + ENTRY_WORDS;
  }
  return at;
}

function grown(slots: Uint32Array): Uint32Array {
  const larger = new Uint32Array(slots.length * 2);
  for (let from = 0; from < slots.length; from += ENTRY_WORDS) {
    if ((slots[from + 6]! | slots[from + 7]!) === 0) continue;
    const to = find(larger, slots[from]!, slots[from + 1]!, slots[from + 2]!, slots[from + 3]!);
    for (let i = 0; i < ENTRY_WORDS; i++) larger[to + i] = slots[from + i]!;
  }
  return larger;
}

function word(bytes: Uint8Array, at: number): number {
  return (bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24)) >>> 0;
}

if (!littleEndianHost) throw new Error('The idempotency index is laid out for little-endian machines');
