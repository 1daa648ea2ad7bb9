import { type DiskFile } from './disk.js';
import { type Memtable, RECORD } from './memtable.js';
import { comparePairs } from './pair-entries.js';
import { MAX_PAIRS } from './page.js';
import { sequenceOf } from './position.js';
import { SegmentWriter, type WrittenFile } from './segment-writer.js';
import { sortRecords } from './sort-records.js';
import { type Stop } from './turns.js';

/** Writes a memtable as a segment. Pauses often: claims go on meanwhile. @throws StoppedError when told to stop */
export async function flushMemtable(table: Memtable, file: DiskFile, stop: Stop): Promise<WrittenFile> {
  const { words, places } = await sortRecords(table, stop);
  const writer = new SegmentWriter(file, places.length);
  const numbers = await writePairs(table, writer);
  for (const at of places) {
    if (writer.full) {
      stop.check();
      await writer.writePages();
    }
    writer.add(words, at, at + RECORD.id, words[at + RECORD.idBytes]!, numbers[words[at + RECORD.pair]!]!);
  }
  return writer.finish(arrivalsOf(table));
}

/** Writes the pairs in order; returns the numbers they have there by their numbers in the memtable. */
async function writePairs({ pairs }: Memtable, writer: SegmentWriter): Promise<Uint32Array> {
  if (pairs.list.length > MAX_PAIRS) throw new RangeError(`${pairs.list.length} pairs of customer and source are too many for one segment`);
  const numbers = new Uint32Array(pairs.list.length);
  const encoded = pairs.list.map(({ customer, source }, number) => ({ number, customer: Buffer.from(customer), source: Buffer.from(source) }));
  encoded.sort(comparePairs);
  for (const [number, pair] of encoded.entries()) {
    numbers[pair.number] = number;
    await writer.addPair(pair);
  }
  await writer.endPairs();
  return numbers;
}

/** Where in USAGE each hour of arrival begins. */
function arrivalsOf(table: Memtable): [number, number][] {
  const { words } = table;
  const arrivals: [number, number][] = [];
  let hour = -1;
  for (let at = 0; at < table.end; at = table.next(at)) {
    if (words[at + RECORD.hour] === hour) continue;
    hour = words[at + RECORD.hour]!;
    arrivals.push([sequenceOf(words[at + RECORD.position]!, words[at + RECORD.position + 1]!), hour]);
  }
  return arrivals;
}
