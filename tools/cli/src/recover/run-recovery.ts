import { type QuotaNumbers } from '../audit/quota-sums.js';
import { type RecoveryFileContent } from './adapters/recovery-file.js';
import { type Filled, fillGeneration, type FillSources } from './fill-generation.js';
import { byKey, fromQuota, goneUsage, type RecoveryRecord, toNumbers } from './recovery-record.js';
import { lostMessages, type PartitionSurvey } from './survey.js';

/** Jobs of the services: each changes only what is its service's. All can be repeated. */
export interface RecoveryJobs {
  /** Takes out the rows that the closed generation has no messages of. */
  forgetLostRows(): Promise<void>;
  /** Makes what pricing knows of corrections what the log says. */
  recountCorrections(): Promise<void>;
  /** Makes the quota sums what the log says, the new generation included, and announces again what stands. */
  recountQuota(): Promise<void>;
  /** The same without a new generation. */
  announceAgain(): Promise<void>;
  /** Lets alerting and accounts read QUOTA from its beginning. */
  rereadQuota(): Promise<void>;
}

/** What a recovery works on. */
export interface Recovery {
  readonly closedGeneration: number;
  readonly sources: FillSources;
  readonly jobs: RecoveryJobs;
  readonly file: { read(): RecoveryFileContent | undefined; write(content: RecoveryFileContent): void };
  survey(): Promise<PartitionSurvey[]>;
  quotaSums(): Promise<ReadonlyMap<string, QuotaNumbers>>;
  closeOld(): Promise<void>;
  newState(): Promise<'missing' | 'unfinished' | 'open'>;
  openNew(): Promise<void>;
  finishNew(): Promise<void>;
}

export interface RecoveryOptions {
  readonly confirm: (surveys: readonly PartitionSurvey[]) => Promise<boolean>;
  readonly onProgress: (events: number) => void;
}

/**
 * Recovers, or goes on with a recovery that was cut short.
 *
 * Nothing is taken away before the new generation holds it: until that is finished, a second run starts filling it over; from then on, every
 * step that is left can be repeated.
 */
export async function runRecovery(recovery: Recovery, { confirm, onProgress }: RecoveryOptions): Promise<RecoveryFileContent | 'nothing lost' | 'unwanted'> {
  const { jobs, file } = recovery;
  const before = await recovery.newState();
  if (before !== 'open') {
    const surveys = await recovery.survey();
    if (before === 'missing' && !surveys.some(lostMessages)) {
      await jobs.announceAgain();
      await jobs.rereadQuota();
      return 'nothing lost';
    }
    if (!(await confirm(surveys))) return 'unwanted';
    await recovery.closeOld();
    // Read again: until it was closed, messages may have come in.
    const closed = await recovery.survey();
    await recovery.openNew();
    const filled = await fillGeneration(closed, recovery.sources, onProgress);
    file.write(recordOf(recovery.closedGeneration, filled, await recovery.quotaSums()));
    await recovery.finishNew();
  }
  await recovery.finishNew();
  const record = file.read();
  await jobs.forgetLostRows();
  await jobs.recountCorrections();
  await jobs.recountQuota();
  await jobs.rereadQuota();
  if (record === undefined) throw new Error(`generation ${recovery.closedGeneration + 1} is recovered, but the file with its report is not here`);
  const content: RecoveryFileContent = { ...record, gone: record.gone ?? goneUsage(record, await recovery.quotaSums()) };
  file.write(content);
  return content;
}

function recordOf(closedGeneration: number, { partitions, lostItems, uncounted, carried }: Filled, before: ReadonlyMap<string, QuotaNumbers>): RecoveryRecord {
  return {
    closed_generation: closedGeneration,
    open_generation: closedGeneration + 1,
    partitions,
    lost_items: lostItems,
    before: byKey(before, fromQuota),
    uncounted: byKey(uncounted.byKey, toNumbers),
    carried: byKey(carried.byKey, toNumbers),
  };
}
