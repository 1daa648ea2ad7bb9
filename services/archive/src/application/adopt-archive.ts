import { type ArchiveStore, decodeParquet, listArchive } from '@ledgerline/archive-store';
import { type Checkpoint, messageDigest } from '@ledgerline/messaging';
import { fileOf } from './file-of.js';
import { type ArchiveLedger, type Claim } from './ports.js';

/**
 * Finds a partition's archive again after its ledger was lost: every file that continues the ones before it is read, checked and named.
 * The stream's identity is unknown then; whether its messages follow the archive is seen by the last one's digest.
 * @returns undefined when there is no archive, or it does not begin with the partition's first message
 * @throws ArchiveDamagedError
 */
export async function adoptArchive({ generation, store, ledger }: { generation: number; store: ArchiveStore; ledger: ArchiveLedger }, claim: Claim): Promise<Checkpoint | undefined> {
  const files = await listArchive(store, generation, claim.partition);
  let checkpoint: Checkpoint | undefined;
  for (;;) {
    const next = (checkpoint?.sequence ?? 0) + 1;
    const continuing = files.filter(({ from }) => from === next).at(-1);
    if (continuing === undefined) return checkpoint;
    const bytes = await store.get(continuing.name);
    const messages = await decodeParquet(continuing.name, continuing, bytes);
    checkpoint = { sequence: continuing.to, streamId: '', messageDigest: messageDigest(messages.at(-1)!.data), highestSeen: continuing.to };
    await ledger.recordFile(claim, fileOf({ ...continuing, bytes: bytes.length }, messages), checkpoint);
  }
}
