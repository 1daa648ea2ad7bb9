import { type Memtable } from './memtable.js';
import { compareIds } from './page.js';
import { breathe, type Stop } from './turns.js';

const BUCKETS = 256;
/** Places fit 21 bits beside 32 bits of usage_id in the integers that a double holds. */
const PLACES = 2 ** 21;
const AT_ONCE = 16_384;

/**
 * The places of a memtable's records in the order of segments, each usage_id once, with its newest record. Sorts by the first word of the
 * order as plain numbers, in parts, with pauses between them.
 */
export async function sortRecords(table: Memtable, stop: Stop): Promise<Uint32Array> {
  const { words } = table;
  if (table.count > PLACES) throw new RangeError(`${table.count} identities are too many for one segment's sorting`);
  const places = new Uint32Array(table.count);
  const starts = new Uint32Array(BUCKETS + 1);
  for (let at = 0, i = 0; i < table.count; at = table.next(at), i++) {
    places[i] = at;
    starts[(words[at + 1]! >>> 24) + 1]!++;
    if (i % AT_ONCE === 0) await breathe();
  }
  for (let bucket = 1; bucket <= BUCKETS; bucket++) starts[bucket]! += starts[bucket - 1]!;
  const keys = new Float64Array(table.count);
  const next = starts.slice(0, BUCKETS);
  for (let i = 0; i < table.count; i++) {
    const w1 = words[places[i]! + 1]!;
    keys[next[w1 >>> 24]!++] = w1 * PLACES + i;
    if (i % AT_ONCE === 0) await breathe();
  }
  for (let bucket = 0; bucket < BUCKETS; bucket++) {
    stop.check();
    keys.subarray(starts[bucket]!, starts[bucket + 1]!).sort();
    await breathe();
  }
  return settleTies(keys, places, words);
}

/** Orders records with an equal first word by the rest of their usage_ids, and drops all but the newest of the same one. */
async function settleTies(keys: Float64Array, places: Uint32Array, words: Uint32Array): Promise<Uint32Array> {
  const sorted = new Uint32Array(keys.length);
  let count = 0;
  let before = -1;
  for (let i = 0; i < keys.length; i++) {
    if (i % AT_ONCE === 0) await breathe();
    const place = places[keys[i]! % PLACES]!;
    const first = Math.floor(keys[i]! / PLACES);
    const tied = first === before;
    before = first;
    if (!tied) {
      sorted[count++] = place;
      continue;
    }
    let to = count;
    let order = 1;
    while (to > 0 && (order = compareIds(words, place, words, sorted[to - 1]!)) < 0) to--;
    // Of equal keys the later record comes later: it is the newer one.
    if (to > 0 && order === 0) {
      sorted[to - 1] = place;
      continue;
    }
    sorted.copyWithin(to + 1, to, count);
    sorted[to] = place;
    count++;
  }
  return sorted.subarray(0, count);
}
