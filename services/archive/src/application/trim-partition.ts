import { type Clock } from '@ledgerline/kernel';
import { decideTrim } from './decide-trim.js';
import { type ArchiveLedger, type Claim, type LogReaders, type PartitionLog, type Trimmed } from './ports.js';

export interface TrimOptions {
  ledger: ArchiveLedger;
  log: PartitionLog;
  readers: LogReaders;
  clock: Clock;
  keepMs: number;
  /** Told in every turn how far the partition is. */
  onProgress?: (partition: number, archivedSequence: number, trimmed: Trimmed) => void;
}

/** Files looked at in one turn; what is left waits for the next. */
const FILES_A_TURN = 1_000;

/**
 * Removes from a partition's streams what is archived, old enough and done with by everyone. A decision is recorded, then carried out;
 * one that a crash interrupted is carried out with the next.
 */
export class TrimPartition {
  constructor(private readonly options: TrimOptions) {}

  /** @throws LeaseLostError, PositionLostError */
  async execute(claim: Claim): Promise<void> {
    const { ledger, log, readers, clock, keepMs, onProgress } = this.options;
    const { partition } = claim;
    const progress = await ledger.load(partition);
    if (progress === null) return;
    const { checkpoint, pricedBefore, usageBefore } = progress;
    const trimmed = { pricedBefore, usageBefore };
    const [priced, usage] = await Promise.all([log.open(partition, checkpoint), log.usage(partition)]);
    const decided = decideTrim({
      files: await ledger.filesFrom(partition, pricedBefore, FILES_A_TURN),
      readers: await readers.positions(partition),
      olderThanUs: (clock.nowMs() - keepMs) * 1000,
      pricedLast: priced.lastSequence,
      usageLast: usage.lastSequence,
      trimmed,
    });
    if (decided !== null) await ledger.recordTrim(claim, decided);
    const cut = decided ?? trimmed;
    onProgress?.(partition, checkpoint.sequence, cut);
    if (priced.firstSequence < cut.pricedBefore || usage.firstSequence < cut.usageBefore) await log.purge(partition, cut);
  }
}
