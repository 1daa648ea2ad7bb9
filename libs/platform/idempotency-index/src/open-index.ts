import { type Arrivals } from './arrival.js';
import { ClaimLog } from './claim-log.js';
import { type Disk } from './disk.js';
import { type IndexSettings } from './index-settings.js';
import { emptyManifest, type Manifest, MANIFEST, readManifest, writeManifest } from './manifest.js';
import { Memtable } from './memtable.js';
import { SegmentStore } from './segment-store.js';
import { type FrozenWithLog, type IndexState } from './segmented-idempotency-index.js';

export interface OpenedIndex {
  state: IndexState;
  /** lets go of the files of an index that is not used */
  close(): Promise<void>;
}

/**
 * The manifest of a folder. When there is none, or it is of another stream, whatever lies there is of no use: the folder is emptied and gets
 * a manifest of its own, as logs do not say whose they are. @throws SegmentDamagedError when it cannot be read
 */
export async function claimFolder({ disk, writer }: IndexSettings, directory: string, streamId: string): Promise<Manifest> {
  const found = await readManifest(disk, directory);
  if (found?.streamId === streamId) return found;
  for (const name of await disk.list(directory)) if (name !== MANIFEST) await disk.remove(`${directory}/${name}`);
  const manifest = emptyManifest(streamId);
  await writeManifest(disk, directory, manifest, writer);
  return manifest;
}

/** Opens the segments that a manifest names and enters what the logs behind it hold. Everything else in the folder is removed. */
export async function openIndex(
  settings: IndexSettings,
  directory: string,
  partition: number,
  manifest: Manifest,
  onCommit: (manifest: Manifest) => void,
): Promise<OpenedIndex> {
  const { disk } = settings;
  const logs = await logsBehind(disk, directory, manifest);
  const store = await SegmentStore.open(settings, directory, partition, manifest, logs, onCommit);
  const opened: ClaimLog[] = [];
  const close = async (): Promise<void> => {
    for (const log of opened) await log.close();
    await store.close();
  };
  try {
    return { state: await readLogs(settings, directory, manifest, store, logs, opened), close };
  } catch (error) {
    await close();
    throw error;
  }
}

/** Numbers of the logs whose claims are in no segment, in order. */
export async function logsBehind(disk: Disk, directory: string, { logFrom }: Manifest): Promise<number[]> {
  const numbers = (await disk.list(directory)).filter((name) => /^\d+\.log$/.test(name)).map((name) => parseInt(name, 10));
  return numbers.filter((number) => number >= logFrom).sort((a, b) => a - b);
}

async function readLogs(
  { disk, budget }: IndexSettings,
  directory: string,
  manifest: Manifest,
  store: SegmentStore,
  logs: readonly number[],
  opened: ClaimLog[],
): Promise<IndexState> {
  let { coverage, arrivals } = manifest;
  const parts: FrozenWithLog[] = [];
  for (const number of logs.length > 0 ? logs : [manifest.logFrom]) {
    const table = new Memtable(budget.share);
    const log = await ClaimLog.open(disk, directory, number, coverage, table);
    opened.push(log.log);
    coverage = log.coverage;
    arrivals = later(arrivals, table);
    parts.unshift({ table, log: log.log, coverage, arrivals, logFrom: number + 1 });
  }
  const [active, ...frozen] = parts;
  for (const [i, claims] of frozen.entries()) claims.logFrom = parts[i]!.log.number;
  return { store, active: active!, frozen, coverage, arrivals };
}

/** Where the arrivals stand behind a memtable's records. */
function later({ first, newest }: Arrivals, table: Memtable): Arrivals {
  if (table.count === 0) return { first, newest };
  let last = 0;
  for (let at = 0; at < table.end; at = table.next(at)) last = at;
  return { first: first < 0 ? table.hour(0) : first, newest: table.hour(last) };
}
