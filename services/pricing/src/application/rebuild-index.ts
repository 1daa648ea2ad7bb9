import { type Difference, type RebuildOutcome } from '@ledgerline/rebuild';
import { type PartitionTerms } from './check-rows.js';
import { type IdempotencyIndex, type IndexContents } from './idempotency-index.js';
import { type ReplayableLog } from './priced-log.js';
import { PricedLogError, recoverIndex } from './recover-index.js';

/** A PRICED stream that an index belongs to. */
export interface IndexedPartition {
  readonly partition: number;
  readonly streamId: string;
}

/** Where the indexes of this host lie: the ones in use, and the new ones beside them. */
export interface IndexFolders {
  /** What the index in use holds; null when there is none; a text when it cannot be read, which says why. */
  inUse(of: IndexedPartition): Promise<IndexContents | string | null>;
  /** Removes what an earlier rebuild left. */
  clear(): Promise<void>;
  /** The new one, empty at first. */
  open(of: IndexedPartition): Promise<IdempotencyIndex>;
  /** What the new one holds. It is closed. */
  contents(of: IndexedPartition): Promise<IndexContents>;
  /** Leaves the new one, which covers so much of PRICED, to the process that has the partition. */
  leave(partition: number, pricedSequence: number): Promise<void>;
}

export interface RebuildIndexOptions {
  terms: Omit<PartitionTerms, 'partition'>;
  folders: IndexFolders;
  /** PRICED as the broker has it. */
  log(partition: number): ReplayableLog;
  /** PRICED from its beginning. */
  history(partition: number): ReplayableLog;
  /** Whether the log is right. */
  accept(differences: readonly Difference[]): Promise<boolean>;
}

/**
 * Builds the idempotency index of every partition anew and compares it with the one in use, both at the PRICED message that this one covers.
 * Where they agree nothing has to be switched. Where not, the new one is brought to the end of the log and left for the process that has the
 * partition, which takes it up when it opens the partition the next time. Nothing is asked of that process meanwhile.
 */
export async function rebuildIndex(options: RebuildIndexOptions): Promise<RebuildOutcome> {
  const { terms, folders } = options;
  await folders.clear();
  const wrong: IndexedPartition[] = [];
  const differences: Difference[] = [];
  for (let partition = 0; partition < terms.partitions; partition++) {
    const { streamId } = await options.log(partition).state();
    const found = await compare(options, { partition, streamId });
    differences.push(...found);
    if (found.length > 0) wrong.push({ partition, streamId });
  }
  const accepted = wrong.length > 0 && (await options.accept(differences));
  if (accepted) for (const one of wrong) await leave(options, one);
  await folders.clear();
  return wrong.length === 0 ? 'agreed' : accepted ? 'repaired' : 'kept';
}

async function compare(options: RebuildIndexOptions, of: IndexedPartition): Promise<Difference[]> {
  const { folders } = options;
  // In this order: the process that has the index goes on meanwhile.
  const inUse = await folders.inUse(of);
  const { firstSequence, lastSequence } = await options.log(of.partition).state();
  const where = `partition ${of.partition}`;
  const covered = inUse === null || typeof inUse === 'string' ? 0 : inUse.coverage.pricedSequence;
  if (covered > lastSequence) {
    throw new PricedLogError(options.log(of.partition).name, `it ends at ${lastSequence}, but the idempotency index has seen ${covered}: the broker lost acknowledged messages`);
  }
  if (lastSequence === 0) return [];
  if (inUse === null || typeof inUse === 'string') return [{ where, field: 'index', inUse: inUse ?? 'none', fromLog: `PRICED up to ${lastSequence}` }];
  if (covered < firstSequence - 1) return [{ where, field: 'PRICED covered', inUse: `up to ${covered}`, fromLog: `from ${firstSequence} in the log` }];
  if (covered === 0) return [];
  await follow(options, of, covered);
  return differencesBetween(where, inUse, await folders.contents(of));
}

async function leave(options: RebuildIndexOptions, of: IndexedPartition): Promise<void> {
  const { lastSequence } = await options.log(of.partition).state();
  await follow(options, of, lastSequence);
  await options.folders.leave(of.partition, lastSequence);
}

/** Brings the new index up to a PRICED message. */
async function follow({ folders, history, terms }: RebuildIndexOptions, of: IndexedPartition, to: number): Promise<void> {
  const index = await folders.open(of);
  try {
    await recoverIndex(history(of.partition), index, to, { ...terms, partition: of.partition });
  } finally {
    await index.close();
  }
}

function differencesBetween(where: string, inUse: IndexContents, fromLog: IndexContents): Difference[] {
  const differences: Difference[] = [];
  const differ = (place: string, field: string, used: string, logged: string): void => {
    if (used !== logged) differences.push({ where: place, field, inUse: used, fromLog: logged });
  };
  differ(where, 'checksum of the last PRICED', String(inUse.coverage.checksum), String(fromLog.coverage.checksum));
  differ(where, 'last USAGE', String(inUse.coverage.sourceTo), String(fromLog.coverage.sourceTo));
  for (const hour of [...new Set([...inUse.hours.keys(), ...fromLog.hours.keys()])].sort((a, b) => a - b)) {
    const [used, logged] = [inUse.hours.get(hour), fromLog.hours.get(hour)];
    const place = `${where}, ${new Date(hour * 3_600_000).toISOString().slice(0, 13)}h`;
    differ(place, 'identities', String(used?.identities ?? 0), String(logged?.identities ?? 0));
    if (used?.identities === logged?.identities) differ(place, 'their digest', used?.digest ?? '', logged?.digest ?? '');
  }
  return differences;
}
