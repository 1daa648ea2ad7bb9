import { type ArchivedMessage, type WrittenFile } from '@ledgerline/archive-store';
import { type ArchivedFile } from './ports.js';

/** What the ledger keeps of a file. */
export function fileOf({ from, to, name, bytes }: Pick<WrittenFile, 'from' | 'to' | 'name' | 'bytes'>, messages: readonly ArchivedMessage[]): ArchivedFile {
  const [first, last] = [messages[0]!, messages.at(-1)!];
  return {
    from,
    to,
    name,
    bytes,
    sourceFrom: first.sourceFrom,
    sourceTo: last.sourceTo,
    pricedFromUs: first.timestampUs,
    pricedToUs: last.timestampUs,
    recordedFromUs: first.recordedFromUs,
    recordedToUs: last.recordedToUs,
    events: messages.reduce((sum, { events }) => sum + events, 0),
  };
}
