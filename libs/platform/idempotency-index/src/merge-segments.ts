import { type DiskFile } from './disk.js';
import { compareIds, idAt, idBytesOf, pairOf } from './page.js';
import { comparePairs, type Pair, readPairs } from './pair-entries.js';
import { type Segment } from './segment.js';
import { SegmentCursor } from './segment-cursor.js';
import { SegmentWriter, type WrittenFile } from './segment-writer.js';
import { type Stop } from './turns.js';

/**
 * Writes neighbouring segments, the newest first, as one. No usage_id is in two of them: an identity is only entered again when its record has
 * fallen out of the window, and what is merged spans a part of the window. Pauses whenever pages are read or written. @throws StoppedError when told to stop
 */
export async function mergeSegments(segments: readonly Segment[], file: DiskFile, stop: Stop): Promise<WrittenFile> {
  const writer = new SegmentWriter(
    file,
    segments.reduce((sum, { meta }) => sum + meta.records, 0),
  );
  const numbers = await mergePairs(segments, writer);
  const cursors = segments.map((segment) => new SegmentCursor(segment));
  for (const cursor of cursors) await cursor.load();
  const keys = Float64Array.from(cursors, ({ key }) => key);
  for (let least = leastOf(cursors, keys); keys[least] !== Infinity; least = leastOf(cursors, keys)) {
    if (writer.full) {
      stop.check();
      await writer.writePages();
    }
    const cursor = cursors[least]!;
    const { words, at } = cursor;
    writer.add(words, at, idAt(words, at), idBytesOf(words, at), numbers[least]![pairOf(words, at)]!);
    if (!cursor.advance()) await cursor.load();
    keys[least] = cursor.key;
  }
  return writer.finish(segments.toReversed().flatMap(({ meta }) => meta.arrivals));
}

/** The cursor at the least usage_id. */
function leastOf(cursors: readonly SegmentCursor[], keys: Float64Array): number {
  let least = 0;
  for (let i = 1; i < keys.length; i++) {
    if (keys[i]! > keys[least]! || keys[i] === Infinity) continue;
    if (keys[i]! < keys[least]! || isBefore(cursors[i]!, cursors[least]!)) least = i;
  }
  return least;
}

function isBefore(a: SegmentCursor, b: SegmentCursor): boolean {
  return compareIds(a.words, a.at, b.words, b.at) < 0;
}

/** Writes the pairs of all segments; returns for each segment the new numbers of its pairs. */
async function mergePairs(segments: readonly Segment[], writer: SegmentWriter): Promise<Uint32Array[]> {
  const numbers = segments.map(({ meta }) => new Uint32Array(meta.pairs));
  const readers = segments.map(({ file, meta, entry }) => readPairs(file, 0, meta.pairs, entry.name));
  const heads: (Pair | null)[] = [];
  for (const reader of readers) heads.push((await reader.next()).value ?? null);
  const taken = segments.map(() => 0);
  for (let number = 0; ; number++) {
    let least: Pair | null = null;
    for (const head of heads) if (head !== null && (least === null || comparePairs(head, least) < 0)) least = head;
    if (least === null) break;
    await writer.addPair(least);
    for (const [i, head] of heads.entries()) {
      if (head === null || comparePairs(head, least) !== 0) continue;
      numbers[i]![taken[i]!++] = number;
      heads[i] = (await readers[i]!.next()).value ?? null;
    }
  }
  await writer.endPairs();
  return numbers;
}
