import { archiveFolder, type ArchiveRange, parseArchiveFileName } from './archive-file-name.js';
import { type ArchivedMessage } from './archived-message.js';
import { type ArchiveStore } from './archive-store.js';
import { decodeParquet } from './parquet-file.js';

export interface ArchiveFile extends ArchiveRange {
  name: string;
}

/** The archive does not hold what was asked for, though it holds what comes after. */
export class ArchiveGapError extends Error {
  constructor(location: string, { generation, partition }: Pick<ArchiveRange, 'generation' | 'partition'>, wanted: number, next: string) {
    super(`${location}: generation ${generation}, partition ${partition}: no file holds message ${wanted}; the next is ${next}`);
    this.name = 'ArchiveGapError';
  }
}

/** The files of one partition, by their first message. Files may overlap: one that a crash left behind is superseded by a longer one. */
export async function listArchive(store: ArchiveStore, generation: number, partition: number): Promise<ArchiveFile[]> {
  const names = await store.list(archiveFolder(generation, partition));
  return names
    .flatMap((name) => {
      const range = parseArchiveFileName(name);
      return range === null ? [] : [{ ...range, name }];
    })
    .sort((a, b) => a.from - b.from || a.to - b.to);
}

/**
 * The archived PRICED messages of a partition from a sequence on, in order, without a gap, to the end of the archive. Nothing when
 * the archive ends before `fromSequence`, or is empty. Files are read one at a time.
 *
 * @throws ArchiveGapError when the archive holds later messages but not these
 * @throws ArchiveDamagedError naming the file that is not what it says
 */
export async function* readArchive(store: ArchiveStore, generation: number, partition: number, fromSequence: number): AsyncGenerator<ArchivedMessage> {
  const files = await listArchive(store, generation, partition);
  let next = fromSequence;
  let sourceTo: number | null = null;
  for (let file = fileFor(store, files, next); file !== null; file = fileFor(store, files, next)) {
    for (const message of await decodeParquet(file.name, file, await store.get(file.name))) {
      if (message.sequence < next) continue;
      // A run emitted again begins earlier; one that begins later has lost its predecessor.
      if (sourceTo !== null && message.sourceFrom > sourceTo + 1) {
        throw new ArchiveGapError(store.location, file, message.sequence, `one whose sources begin at ${message.sourceFrom}, after ${sourceTo}`);
      }
      sourceTo = Math.max(sourceTo ?? 0, message.sourceTo);
      yield message;
      next = message.sequence + 1;
    }
  }
}

/** Of the files that hold a message the one that goes furthest; null when the archive ends before it. */
function fileFor(store: ArchiveStore, files: readonly ArchiveFile[], sequence: number): ArchiveFile | null {
  const holding = files.filter(({ from, to }) => from <= sequence && sequence <= to);
  if (holding.length > 0) return holding.reduce((a, b) => (b.to > a.to ? b : a));
  const later = files.find(({ from }) => from > sequence);
  if (later !== undefined) throw new ArchiveGapError(store.location, later, sequence, later.name);
  return null;
}
