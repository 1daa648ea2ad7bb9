import { compareAudit } from './compare.js';
import { type Difference } from './difference.js';
import { type PartitionLedger, type StoredPartition } from './facts.js';
import { type QuotaNumbers } from './quota-sums.js';
import { addSums, type LedgerSums, noLedgerSums, type Sums } from './sums.js';
import { type PartitionStreams, type Walk } from './walk-partition.js';

/** Sequences by partition. */
export type Sequences = ReadonlyMap<number, number>;

/** The quota projection at one moment. */
export interface QuotaState {
  /** How far it has counted in PRICED: the cut of the whole audit. */
  readonly cut: Sequences;
  /** The USAGE sequences that this is, as the projection noted them. */
  readonly sourceTo: Sequences;
  readonly byKey: ReadonlyMap<string, QuotaNumbers>;
}

/** Where the audit reads from. Each method reads; none waits for the others. */
export interface AuditSources {
  readonly generation: number;
  readonly partitions: number;
  quotaSnapshot(): Promise<QuotaState>;
  /** USAGE sequences up to which ClickHouse is known to have the rows. */
  rowsProgress(): Promise<Sequences>;
  /** Walks one partition's streams up to the cut. */
  walk(streams: Pick<PartitionStreams, 'partition' | 'cut' | 'onProgress'>): Promise<Walk>;
  /** The rows, by partition, up to the USAGE sequences given. */
  storedPartitions(sourceTo: Sequences): Promise<ReadonlyMap<number, StoredPartition>>;
  /** The summaries' own answer, by key, at the same place. */
  summaries(sourceTo: Sequences): Promise<ReadonlyMap<string, Sums>>;
}

export interface AuditOptions {
  /** How long the rows in ClickHouse may take to reach the cut. */
  readonly waitMs: number;
  readonly nowMs: () => number;
  readonly sleepMs: (ms: number) => Promise<unknown>;
  /** PRICED messages read so far, of all up to the cut. */
  readonly onProgress?: (read: number, total: number) => void;
}

/** What the audit found. Exact when there is no difference. */
export interface AuditReport {
  readonly differences: readonly Difference[];
  readonly ledgers: readonly PartitionLedger[];
  readonly stored: ReadonlyMap<number, StoredPartition>;
}

/** The audit could not say anything: a projection did not get to the cut. */
export class AuditNotPossibleError extends Error {}

const POLL_MS = 100;

/** Audits everything up to one consistent cut: the checkpoint vector that the quota sums were read with. */
export async function runAudit(sources: AuditSources, options: AuditOptions): Promise<AuditReport> {
  const quota = await sources.quotaSnapshot();
  const { cut, byKey: quotaByKey } = quota;
  const partitions = [...new Set([...Array.from({ length: sources.partitions }, (_, partition) => partition), ...cut.keys()])];
  await untilRowsReach(quota.sourceTo, sources, options);

  const ledgers: PartitionLedger[] = [];
  const ledgerByKey = new Map<string, LedgerSums>();
  const total = [...cut.values()].reduce((sum, sequence) => sum + sequence, 0);
  let read = 0;
  for (const partition of partitions) {
    const upTo = cut.get(partition) ?? 0;
    const walk = await sources.walk({ partition, cut: upTo, onProgress: (sequence) => options.onProgress?.(read + sequence, total) });
    if (!walk.ok) return { differences: [walk.difference], ledgers, stored: new Map() };
    read += upTo;
    ledgers.push(walk.ledger);
    merge(ledgerByKey, walk.byKey);
  }

  const sourceTo = new Map(ledgers.map((ledger) => [ledger.partition, ledger.sourceTo]));
  const misplaced = ledgers.filter((ledger) => ledger.cut > 0 && quota.sourceTo.get(ledger.partition) !== ledger.sourceTo).map((ledger) => checkpointDifference(ledger, quota));
  if (misplaced.length > 0) return { differences: misplaced, ledgers, stored: new Map() };
  const stored = await sources.storedPartitions(sourceTo);
  const summariesByKey = await sources.summaries(sourceTo);
  return { differences: [...compareAudit({ ledgers, stored, ledgerByKey, quotaByKey, summariesByKey })], ledgers, stored };
}

const checkpointDifference = ({ partition, cut, sourceTo }: PartitionLedger, quota: QuotaState): Difference => ({
  what: 'Quota checkpoint',
  where: `partition ${partition}, PRICED sequence ${cut}`,
  field: 'source_sequence',
  expected: String(sourceTo),
  found: String(quota.sourceTo.get(partition)),
});

function merge(into: Map<string, LedgerSums>, from: ReadonlyMap<string, LedgerSums>): void {
  for (const [key, sums] of from) {
    const all = into.get(key) ?? noLedgerSums();
    addSums(all, sums);
    all.requestsMade += sums.requestsMade;
    into.set(key, all);
  }
}

async function untilRowsReach(sourceTo: Sequences, sources: AuditSources, { waitMs, nowMs, sleepMs }: AuditOptions): Promise<void> {
  const until = nowMs() + waitMs;
  for (;;) {
    const progress = await sources.rowsProgress();
    const behind = [...sourceTo].find(([partition, sequence]) => (progress.get(partition) ?? 0) < sequence);
    if (!behind) return;
    if (nowMs() >= until) {
      const [partition, sequence] = behind;
      throw new AuditNotPossibleError(
        `after ${Math.round(waitMs / 1000)} s the rows of partition ${partition} reach USAGE sequence ${progress.get(partition) ?? 0}, the quota sums ${sequence}. Is aggregation running?`,
      );
    }
    await sleepMs(POLL_MS);
  }
}
