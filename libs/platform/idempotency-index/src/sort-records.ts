import { type Memtable } from './memtable.js';
import { compareIds } from './page.js';
import { breathe, type Stop } from './turns.js';

const BUCKETS = 256;
/** Places fit 21 bits beside 32 bits of usage_id in the integers that a double holds. */
const PLACES = 2 ** 21;
const AT_ONCE = 16_384;

/** Records and the order of their places. */
export interface SortedRecords {
  words: Uint32Array;
  places: Uint32Array;
}

/**
 * A memtable's records in the order of segments, each usage_id once, with its newest record. First they are dealt into buckets by the highest bits
 * of the order, so that a bucket fits the processor's cache when it is sorted and read in its order; then each bucket is sorted by the
 * first word as plain numbers. Pauses between the parts.
 */
export async function sortRecords(table: Memtable, stop: Stop): Promise<SortedRecords> {
  if (table.count > PLACES) throw new RangeError(`${table.count} identities are too many for one segment's sorting`);
  const { words, firstPlaces, firstRecords } = await dealRecords(table);
  const places = new Uint32Array(table.count);
  let count = 0;
  for (let bucket = 0; bucket < BUCKETS; bucket++) {
    stop.check();
    count = sortBucket(words, firstPlaces[bucket]!, firstRecords[bucket + 1]! - firstRecords[bucket]!, places, count, table);
    await breathe();
  }
  return { words, places: places.subarray(0, count) };
}

/** Copies the records, one bucket after the other, in a bucket in the order they came. */
async function dealRecords(table: Memtable): Promise<{ words: Uint32Array; firstPlaces: Uint32Array; firstRecords: Uint32Array }> {
  const { words } = table;
  const firstPlaces = new Uint32Array(BUCKETS + 1);
  const firstRecords = new Uint32Array(BUCKETS + 1);
  for (let at = 0, next = 0, i = 0; at < table.end; at = next, i++) {
    next = table.next(at);
    const bucket = words[at + 1]! >>> 24;
    firstPlaces[bucket + 1]! += next - at;
    firstRecords[bucket + 1]!++;
    if (i % AT_ONCE === 0) await breathe();
  }
  for (let bucket = 1; bucket <= BUCKETS; bucket++) {
    firstPlaces[bucket]! += firstPlaces[bucket - 1]!;
    firstRecords[bucket]! += firstRecords[bucket - 1]!;
  }
  const dealt = new Uint32Array(new ArrayBuffer(table.end * 4));
  const to = firstPlaces.slice(0, BUCKETS);
  for (let at = 0, i = 0; at < table.end; i++) {
    const bucket = words[at + 1]! >>> 24;
    let place = to[bucket]!;
    for (const next = table.next(at); at < next; at++) dealt[place++] = words[at]!;
    to[bucket] = place;
    if (i % AT_ONCE === 0) await breathe();
  }
  return { words: dealt, firstPlaces, firstRecords };
}

/** Appends a bucket's places in order to `sorted`, which has `count`; returns how many it has then. */
function sortBucket(words: Uint32Array, from: number, records: number, sorted: Uint32Array, count: number, table: Memtable): number {
  const places = new Uint32Array(records);
  const keys = new Float64Array(records);
  for (let i = 0, at = from; i < records; i++, at = table.next(at, words)) {
    places[i] = at;
    keys[i] = words[at + 1]! * PLACES + i;
  }
  keys.sort();
  let before = -1;
  for (let i = 0; i < records; i++) {
    const place = places[keys[i]! % PLACES]!;
    const first = words[place + 1]!;
    if (first !== before) sorted[count++] = place;
    else count = settleTie(words, place, sorted, count);
    before = first;
  }
  return count;
}

/** Enters a place among those with the same first word by the rest of the usage_id, or in place of the same one: it came later. */
function settleTie(words: Uint32Array, place: number, sorted: Uint32Array, count: number): number {
  let to = count;
  let order = 1;
  while (to > 0 && (order = compareIds(words, place, words, sorted[to - 1]!)) < 0) to--;
  if (to > 0 && order === 0) {
    sorted[to - 1] = place;
    return count;
  }
  sorted.copyWithin(to + 1, to, count);
  sorted[to] = place;
  return count + 1;
}
