import { type Baseline, type NewSeal, type SealedPosition } from './baseline.js';
import { checkBaseline } from './check-baseline.js';
import { compareAudit } from './compare.js';
import { type Difference } from './difference.js';
import { addOutcomes, joinLedgers, type PartitionLedger, type StoredPartition } from './facts.js';
import { type Coverage, type PartitionAt, type Plan, planStretches } from './plan-stretches.js';
import { type AuditSources, type PricedState, type QuotaState } from './sources.js';
import { addLedgerSums, copySums, type LedgerSums } from './sums.js';
import { untilRowsReach, type Waiting } from './until-rows-reach.js';
import { type Stretch } from './walk-partition.js';

export interface AuditOptions extends Waiting {
  /** Walk all that can be read, instead of only what came after the baseline. */
  readonly full?: boolean;
  /** Only what was published since; microseconds since the epoch. Nothing is sealed. */
  readonly sinceUs?: number;
  /** PRICED messages read so far, of all that will be. */
  readonly onProgress?: (read: number, total: number) => void;
}

/** What the audit found. Exact when there is no difference. */
export interface AuditReport {
  readonly differences: readonly Difference[];
  readonly coverage: Coverage;
  readonly sinceUs?: number;
  /** The baseline that the totals rest on. */
  readonly baseline?: Baseline;
  /** What was walked, by partition. */
  readonly ledgers: readonly PartitionLedger[];
  /** What was walked with what the baseline says of before. */
  readonly total: ItemCounts;
  readonly stored: ReadonlyMap<number, StoredPartition>;
  /** Whether this run is the baseline of the next. */
  readonly sealed: boolean;
  /** Why there is no baseline to read or write, when the store refused. */
  readonly storeProblem?: string;
  /** PRICED messages beyond the cut when the run began. */
  readonly lag: number;
}

/** How many items there were, and what became of them. */
export interface ItemCounts {
  readonly events: bigint;
  readonly corrections: bigint;
  /** Index = Outcome. */
  readonly outcomes: readonly bigint[];
}

/** Audits everything up to one consistent cut: the checkpoint vector that the quota sums were read with. */
export async function runAudit(sources: AuditSources, options: AuditOptions): Promise<AuditReport> {
  const quota = await sources.quotaSnapshot();
  await untilRowsReach(quota.sourceTo, sources, options);
  const { baseline, storeProblem } = await loadBaseline(sources, options);
  const { plan, streams } = await planRun(sources, options, quota, baseline);
  const rested = plan.coverage === 'baseline' ? baseline : undefined;
  const report = { coverage: plan.coverage, sinceUs: options.sinceUs, baseline: rested, storeProblem, ledgers: [], total: countsOf([]), stored: new Map(), sealed: false, lag: lagOf(streams, quota) };
  const replaced = rested ? await checkBaseline(rested, sources, streams) : [];
  if (replaced.length > 0) return { ...report, differences: replaced };

  const walked = await walkAll(sources, plan, options.onProgress);
  if ('difference' in walked) return { ...report, differences: [walked.difference], ledgers: walked.ledgers };
  const { ledgers } = walked;
  const total = countsOf([...walked.counted, ...(rested?.positions.values() ?? [])]);
  const misplaced = ledgers.filter((ledger) => knowsSource(ledger, plan) && quota.sourceTo.get(ledger.partition) !== ledger.sourceTo);
  if (misplaced.length > 0) return { ...report, ledgers, total, differences: misplaced.map((ledger) => checkpointDifference(ledger, quota)) };

  const stored = await sources.storedPartitions(new Map(ledgers.map(({ partition, sourceAfter, sourceTo }) => [partition, { after: sourceAfter, to: sourceTo }])), plan.coverage === 'whole');
  const ledgerByKey = addToBaseline(rested, walked.byKey);
  const totals = plan.coverage === 'range' ? undefined : { ledgerByKey, quotaByKey: quota.byKey, summariesByKey: await sources.summaries(quota.sourceTo) };
  const differences = [...compareAudit({ ledgers, stored, totals })];
  const seal = differences.length === 0 && totals && !storeProblem ? sealOf(walked, rested, baseline, ledgerByKey, streams) : undefined;
  return { ...report, ledgers, total, stored, differences, sealed: seal !== undefined && (await sources.baselines.seal(seal)) };
}

const countsOf = (all: readonly Pick<SealedPosition, 'usageEvents' | 'corrections' | 'outcomes'>[]): ItemCounts => ({
  events: all.reduce((sum, { usageEvents }) => sum + usageEvents, 0n),
  corrections: all.reduce((sum, { corrections }) => sum + corrections, 0n),
  outcomes: all.reduce<readonly bigint[]>((sum, { outcomes }) => addOutcomes(sum, outcomes), []),
});

/** A baseline is a shortcut: without it, the whole log is walked. */
async function loadBaseline({ baselines }: AuditSources, { sinceUs }: AuditOptions): Promise<{ baseline?: Baseline; storeProblem?: string }> {
  if (sinceUs !== undefined) return {};
  try {
    return { baseline: await baselines.load() };
  } catch (error) {
    return { storeProblem: (error as Error).message };
  }
}

async function planRun(sources: AuditSources, { full = false, sinceUs }: AuditOptions, { cut }: QuotaState, baseline?: Baseline): Promise<{ plan: Plan; streams: ReadonlyMap<number, PricedState> }> {
  const partitions = [...new Set([...Array.from({ length: sources.partitions }, (_, partition) => partition), ...cut.keys()])];
  const streams = new Map(await Promise.all(partitions.map(async (partition) => [partition, await sources.priced(partition)] as const)));
  if (sinceUs !== undefined) {
    const stretches = partitions.map(async (partition) => {
      const upTo = cut.get(partition) ?? 0;
      const after = Math.min(upTo, Math.max(streams.get(partition)!.first - 1, await sources.pricedBefore(partition, sinceUs)));
      return { again: [], counted: { partition, after, sourceAfter: after === 0 ? 0 : null, cut: upTo } };
    });
    return { streams, plan: { coverage: 'range', stretches: await Promise.all(stretches) } };
  }
  const at = partitions.map((partition): PartitionAt => ({ partition, cut: cut.get(partition) ?? 0, first: streams.get(partition)!.first, sealed: baseline?.positions.get(partition) }));
  return { streams, plan: planStretches(at, full) };
}

const lagOf = (streams: ReadonlyMap<number, PricedState>, { cut }: QuotaState): number =>
  [...streams].reduce((lag, [partition, { last }]) => lag + Math.max(0, last - (cut.get(partition) ?? 0)), 0);

interface Walked {
  /** All that was walked, by partition. */
  readonly ledgers: PartitionLedger[];
  /** Of it, what lies behind the baseline. */
  readonly counted: PartitionLedger[];
  readonly byKey: Map<string, LedgerSums>;
}

async function walkAll(sources: AuditSources, { stretches }: Plan, onProgress?: AuditOptions['onProgress']): Promise<Walked | { difference: Difference; ledgers: PartitionLedger[] }> {
  const lengthOf = ({ after, cut }: Stretch): number => cut - after;
  const total = stretches.reduce((sum, { again, counted }) => sum + [...again, counted].reduce((own, stretch) => own + lengthOf(stretch), 0), 0);
  const walked: Walked = { ledgers: [], counted: [], byKey: new Map() };
  let read = 0;
  for (const { again, counted } of stretches) {
    let all: PartitionLedger | undefined;
    for (const stretch of [...again, counted]) {
      const walk = await sources.walk(stretch, (sequence) => onProgress?.(read + sequence - stretch.after, total));
      if (!walk.ok) return { difference: walk.difference, ledgers: walked.ledgers };
      read += lengthOf(stretch);
      all = all ? joinLedgers(all, walk.ledger) : walk.ledger;
      if (stretch !== counted) continue;
      walked.counted.push(walk.ledger);
      for (const [key, sums] of walk.byKey) {
        const known = walked.byKey.get(key);
        if (known) addLedgerSums(known, sums);
        else walked.byKey.set(key, copySums(sums));
      }
    }
    walked.ledgers.push(all!);
  }
  return walked;
}

/** Of an empty stretch with nothing known before it, there is no USAGE sequence to compare; nor of a partition in which nothing ever was. */
const knowsSource = ({ cut, pricedFrom }: PartitionLedger, { coverage }: Plan): boolean => cut > 0 && (coverage !== 'range' || cut >= pricedFrom);

const checkpointDifference = ({ partition, cut, sourceTo }: PartitionLedger, quota: QuotaState): Difference => ({
  what: 'Quota checkpoint',
  where: `partition ${partition}, PRICED sequence ${cut}`,
  field: 'source_sequence',
  expected: String(sourceTo),
  found: String(quota.sourceTo.get(partition)),
});

function addToBaseline(baseline: Baseline | undefined, byKey: ReadonlyMap<string, LedgerSums>): ReadonlyMap<string, LedgerSums> {
  if (!baseline) return byKey;
  const all = new Map(baseline.byKey);
  for (const [key, sums] of byKey) {
    const before = all.get(key);
    const both = copySums(sums);
    if (before) addLedgerSums(both, before);
    all.set(key, both);
  }
  return all;
}

function sealOf(walked: Walked, rested: Baseline | undefined, stored: Baseline | undefined, ledgerByKey: ReadonlyMap<string, LedgerSums>, streams: ReadonlyMap<number, PricedState>): NewSeal | undefined {
  const changed = walked.counted.some(({ pricedFrom, cut }) => cut >= pricedFrom);
  if (!changed && rested) return undefined;
  const positions = walked.counted.map((ledger): SealedPosition => {
    const before = rested?.positions.get(ledger.partition);
    return {
      partition: ledger.partition,
      pricedSequence: ledger.cut,
      sourceSequence: ledger.sourceTo,
      streamCreated: streams.get(ledger.partition)!.created,
      messageDigest: ledger.lastDigest || (before?.messageDigest ?? ''),
      usageEvents: ledger.usageEvents + (before?.usageEvents ?? 0n),
      corrections: ledger.corrections + (before?.corrections ?? 0n),
      outcomes: addOutcomes(ledger.outcomes, before?.outcomes ?? []),
    };
  });
  const byKey = rested ? new Map([...walked.byKey.keys()].map((key) => [key, ledgerByKey.get(key)!])) : ledgerByKey;
  return { replaces: stored?.number ?? 0, positions, byKey, whole: !rested };
}
