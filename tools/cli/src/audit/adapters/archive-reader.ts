import { archiveFolder, type ArchiveStore, parseArchiveFileName, readArchive } from '@ledgerline/archive-store';
import { pricedSubject } from '@ledgerline/contracts';
import { type StreamMessage } from '../walk-partition.js';

/** The first PRICED sequence of a partition that the archive holds; undefined when it holds none. */
export async function firstArchived(store: ArchiveStore, generation: number, partition: number): Promise<number | undefined> {
  const ranges = (await store.list(archiveFolder(generation, partition))).map(parseArchiveFileName).filter((range) => range !== null);
  return ranges.length === 0 ? undefined : ranges.reduce((first, { from }) => Math.min(first, from), Number.MAX_SAFE_INTEGER);
}

/** PRICED messages [from..to] out of the archive; ends earlier where it ends. @throws ArchiveGapError, ArchiveDamagedError */
export async function* readArchived(store: ArchiveStore, generation: number, partition: number, from: number, to: number): AsyncGenerator<StreamMessage> {
  if (from > to) return;
  const subject = pricedSubject(generation, partition);
  for await (const { sequence, timestampUs, data } of readArchive(store, generation, partition, from)) {
    if (sequence > to) return;
    yield { sequence, timestampUs, subject, data };
    if (sequence === to) return;
  }
}
