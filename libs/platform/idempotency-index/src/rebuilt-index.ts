import { type Disk, readFile, replaceFile } from './disk.js';
import { readManifest } from './manifest.js';
import { nodeDisk } from './node-disk.js';

/** Says that the folder is whole: up to which PRICED sequence the index in it covers. */
const COVERS = 'covers';

const rebuiltFolder = (directory: string): string => `${directory}.rebuilt`;

/**
 * Leaves an index that was built anew for the process that has the partition: it takes it up when it opens the partition the next time.
 * @param directory the partition's own @param from the folder of the new index, closed
 */
export async function leaveRebuilt(directory: string, from: string, pricedSequence: number, disk: Disk = nodeDisk): Promise<void> {
  const to = rebuiltFolder(directory);
  await disk.remove(to);
  await replaceFile(disk, from, COVERS, Buffer.from(String(pricedSequence)), `${COVERS}.tmp`);
  await disk.rename(from, to);
}

/**
 * Puts an index that was left there in the place of the one in use, which is put aside; one of another stream, or that the log has outrun, is
 * removed. A crash in between is made good at the next time.
 * @param firstSequence the first PRICED message that is still there
 */
export async function takeRebuilt(disk: Disk, directory: string, streamId: string, firstSequence: number, copy: { forget(): Promise<void> } | null): Promise<void> {
  const from = rebuiltFolder(directory);
  const covers = await readFile(disk, from, COVERS);
  if (covers === null) return;
  const manifest = await readManifest(disk, from).catch(() => null);
  if (manifest?.streamId !== streamId || Number(Buffer.from(covers).toString()) < firstSequence - 1) {
    await disk.remove(from);
    return;
  }
  if ((await disk.list(directory)).length > 0) {
    await disk.remove(`${directory}.replaced`);
    await disk.rename(directory, `${directory}.replaced`);
  }
  // Of the index that is replaced: it would be taken, being further.
  await copy?.forget();
  await disk.rename(from, directory);
}
