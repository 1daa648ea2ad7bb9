import { archiveFileName, type ArchiveRange } from './archive-file-name.js';
import { type ArchivedMessage } from './archived-message.js';
import { type ArchiveStore } from './archive-store.js';
import { decodeParquet, encodeParquet } from './parquet-file.js';

export interface WrittenFile extends ArchiveRange {
  name: string;
  /** Size of the file. */
  bytes: number;
}

/**
 * Writes a contiguous run of one partition's PRICED messages as one file, and reads it back from its bytes before it leaves: what
 * cannot be read must not be trimmed. Writing the same run again gives the same file.
 * @throws RangeError when the messages are not contiguous, or none
 */
export async function writeArchive(store: ArchiveStore, generation: number, partition: number, messages: readonly ArchivedMessage[]): Promise<WrittenFile> {
  const [first, last] = [messages[0], messages.at(-1)];
  if (first === undefined || last === undefined) throw new RangeError('an archive file holds at least one message');
  messages.forEach(({ sequence }, i) => {
    if (sequence !== first.sequence + i) throw new RangeError(`message ${sequence} stands where ${first.sequence + i} was expected`);
  });
  const range = { generation, partition, from: first.sequence, to: last.sequence };
  const name = archiveFileName(range);
  const bytes = encodeParquet(range, messages);
  const read = await decodeParquet(name, range, bytes);
  for (const [i, { data }] of read.entries()) {
    if (Buffer.compare(data, messages[i]!.data) !== 0) throw new Error(`${name}: message ${range.from + i} does not come back as it was written`);
  }
  await store.put(name, bytes);
  return { ...range, name, bytes: bytes.length };
}
