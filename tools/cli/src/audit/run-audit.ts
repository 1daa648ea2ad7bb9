import { type Baseline, type SealedPosition } from './baseline.js';
import { compareClosed, compareIdentities, inGeneration, readRows } from './compare-generation.js';
import { compareAudit } from './compare.js';
import { type Difference } from './difference.js';
import { addOutcomes, type PartitionLedger, type StoredPartition } from './facts.js';
import { planClosed, type PlannedGeneration, planOpen, type PlanOptions } from './plan-generation.js';
import { type Coverage, type Plan } from './plan-stretches.js';
import { sealOf } from './seal-of.js';
import { type AuditSources, type PricedState, type QuotaState, type SealedMonths } from './sources.js';
import { addByKey, type LedgerSums } from './sums.js';
import { untilRowsReach, type Waiting } from './until-rows-reach.js';
import { messagesOf, type Walked, walkGeneration } from './walk-generation.js';

export interface AuditOptions extends Waiting, PlanOptions {
  /** PRICED messages read so far, of all that will be. */
  readonly onProgress?: (read: number, total: number) => void;
}

/** What the audit found. Exact when there is no difference. */
export interface AuditReport {
  readonly differences: readonly Difference[];
  /** Of all generations together: a range, when one of them is. */
  readonly coverage: Coverage;
  readonly sinceUs?: number;
  readonly generation: number;
  /** The baseline that the totals of the generation in use rest on. */
  readonly baseline?: Baseline;
  /** What was walked of the generation in use, by partition. */
  readonly ledgers: readonly PartitionLedger[];
  /** What was walked with what the baselines say of before, of all generations. */
  readonly total: ItemCounts;
  readonly stored: ReadonlyMap<number, StoredPartition>;
  /** Generations that recoveries have closed, oldest first, as far as the run came. */
  readonly closed: readonly ClosedReport[];
  /** Whether this run is the baseline of the next. */
  readonly sealed: boolean;
  /** Why there is no baseline to read or write, when the store refused. */
  readonly storeProblem?: string;
  /** PRICED messages beyond the cut when the run began. */
  readonly lag: number;
}

/** What was audited of a closed generation. */
export interface ClosedReport {
  readonly generation: number;
  readonly coverage: Coverage;
  /** Streams of it are no longer there. */
  readonly gone: boolean;
  readonly baseline?: Baseline;
  readonly ledgers: readonly PartitionLedger[];
  readonly stored: ReadonlyMap<number, StoredPartition>;
  readonly total: ItemCounts;
}

/** How many items there were, and what became of them. */
export interface ItemCounts {
  readonly events: bigint;
  readonly corrections: bigint;
  /** Index = Outcome. */
  readonly outcomes: readonly bigint[];
}

/**
 * Audits everything up to one consistent cut: the checkpoint vector that the quota sums were read with, and all of the generations that were closed
 * before. Each has its own log, rows and baseline; quota sums and summaries are those of all of them.
 */
export async function runAudit(sources: AuditSources, options: AuditOptions): Promise<AuditReport> {
  const quota = await sources.quotaSnapshot();
  await untilRowsReach(quota.sourceTo, sources, options);
  const open = await planOpen(sources, options, quota.cut);
  const closed: PlannedGeneration[] = [];
  for (const one of await sources.closedGenerations()) closed.push(await planClosed(one, options));
  const coverage = coverageOf([open, ...closed]);
  const { generation } = sources;
  const { storeProblem, rested: baseline } = open;
  const report = { coverage, sinceUs: options.sinceUs, generation, baseline, storeProblem, ledgers: [], total: countsOf([]), stored: new Map(), closed: [], sealed: false, lag: lagOf(open.streams, quota) };
  const replaced = [...closed.flatMap((one) => one.replaced.map((difference) => inGeneration(one.sources.generation, difference))), ...open.replaced];
  if (replaced.length > 0) return { ...report, differences: replaced };

  const sealed = await sources.sealedMonths();
  const progress = progressOver([...closed, open], options.onProgress);
  const before = await auditClosed(closed, sealed, progress);
  if ('difference' in before) return { ...report, closed: before.reports, differences: [before.difference] };
  const walked = await walkGeneration(sources, open.plan, sealed.rowsSinceUs, progress(open));
  if ('difference' in walked) return { ...report, closed: before.reports, differences: [walked.difference], ledgers: walked.ledgers };
  const { ledgers } = walked;
  const total = addCounts([...before.reports.map((one) => one.total), totalOf(open, walked)]);
  const misplaced = ledgers.filter((ledger) => knowsSource(ledger, open.plan) && quota.sourceTo.get(ledger.partition) !== ledger.sourceTo);
  if (misplaced.length > 0) return { ...report, closed: before.reports, ledgers, total, differences: misplaced.map((ledger) => checkpointDifference(ledger, quota)) };

  const { stored, sealed: sealedRows } = await readRows(open, ledgers, sealed);
  const all = [...before.sums, { planned: open, walked, byKey: sumsOf(open, walked) }];
  const ledgerByKey = all.map(({ byKey }) => byKey).reduce(addByKey);
  const totals = coverage === 'range' ? undefined : { ledgerByKey, quotaByKey: quota.byKey, summariesByKey: await sources.summaries(quota.sourceTo, sealed) };
  const shared = closed.length > 0 && coverage === 'whole' ? compareIdentities(all.flatMap((one) => one.walked.ledgers), await sources.uniqueOriginals(quota.sourceTo, sealed.rowsSinceUs)) : [];
  const differences = [...before.differences, ...compareAudit({ ledgers, stored, sealed: sealedRows, totals }), ...shared];
  const seals = differences.length === 0 && totals && !storeProblem ? await sealAll(all) : false;
  return { ...report, closed: before.reports, ledgers, total, stored, differences, sealed: seals };
}

/** A generation that was walked, and its own sums from its beginning. */
interface Summed {
  readonly planned: PlannedGeneration;
  readonly walked: Walked;
  readonly byKey: ReadonlyMap<string, LedgerSums>;
}

interface ClosedGenerations {
  readonly reports: ClosedReport[];
  readonly sums: Summed[];
  readonly differences: Difference[];
}

/** Walks the closed generations and compares the rows of each; stops where a log contradicts itself. */
async function auditClosed(closed: readonly PlannedGeneration[], sealed: SealedMonths, progress: (planned: PlannedGeneration) => (read: number) => void): Promise<ClosedGenerations | { difference: Difference; reports: ClosedReport[] }> {
  const audited: ClosedGenerations = { reports: [], sums: [], differences: [] };
  for (const planned of closed) {
    const { sources, plan, gone, rested } = planned;
    const walked = await walkGeneration(sources, plan, sealed.rowsSinceUs, progress(planned));
    if ('difference' in walked) return { difference: inGeneration(sources.generation, walked.difference), reports: audited.reports };
    const rows = await readRows(planned, walked.ledgers, sealed);
    audited.differences.push(...compareClosed(planned, walked.ledgers, rows));
    audited.sums.push({ planned, walked, byKey: sumsOf(planned, walked) });
    audited.reports.push({ generation: sources.generation, coverage: plan.coverage, gone, baseline: rested, ledgers: walked.ledgers, stored: rows.stored, total: totalOf(planned, walked) });
  }
  return audited;
}

/** What a generation's sums come to: those of its baseline and what was walked behind it. */
const sumsOf = ({ rested }: PlannedGeneration, { byKey }: Walked): ReadonlyMap<string, LedgerSums> => (rested ? addByKey(rested.byKey, byKey) : byKey);

/** @returns whether the generation in use, the last one, was sealed */
async function sealAll(all: readonly Summed[]): Promise<boolean> {
  let sealed = false;
  for (const { planned, walked, byKey } of all) {
    const seal = sealOf(planned, walked, byKey);
    sealed = seal !== undefined && (await planned.sources.baselines.seal(seal));
  }
  return sealed;
}

function coverageOf(planned: readonly PlannedGeneration[]): Coverage {
  const all = planned.map(({ plan }) => plan.coverage);
  return (['range', 'baseline'] as const).find((coverage) => all.includes(coverage)) ?? 'whole';
}

/** One progress over all generations, in the order in which they are walked. */
function progressOver(planned: readonly PlannedGeneration[], onProgress: AuditOptions['onProgress']): (one: PlannedGeneration) => (read: number) => void {
  const lengths = planned.map(({ plan }) => messagesOf(plan));
  const sum = (upTo: number): number => lengths.slice(0, upTo).reduce((all, length) => all + length, 0);
  const total = sum(lengths.length);
  return (one) => {
    const before = sum(planned.indexOf(one));
    return (read) => onProgress?.(before + read, total);
  };
}

const totalOf = ({ rested }: PlannedGeneration, { counted }: Walked): ItemCounts => countsOf([...counted, ...(rested?.positions.values() ?? [])]);

const countsOf = (all: readonly Pick<SealedPosition, 'usageEvents' | 'corrections' | 'outcomes'>[]): ItemCounts => addCounts(all.map(({ usageEvents, ...others }) => ({ ...others, events: usageEvents })));

const addCounts = (all: readonly ItemCounts[]): ItemCounts => ({
  events: all.reduce((sum, { events }) => sum + events, 0n),
  corrections: all.reduce((sum, { corrections }) => sum + corrections, 0n),
  outcomes: all.reduce<readonly bigint[]>((sum, { outcomes }) => addOutcomes(sum, outcomes), []),
});

const lagOf = (streams: ReadonlyMap<number, PricedState>, { cut }: QuotaState): number =>
  [...streams].reduce((lag, [partition, { last }]) => lag + Math.max(0, last - (cut.get(partition) ?? 0)), 0);

/** Of an empty stretch with nothing known before it, there is no USAGE sequence to compare; nor of a partition in which nothing ever was. */
const knowsSource = ({ cut, pricedFrom }: PartitionLedger, { coverage }: Plan): boolean => cut > 0 && (coverage !== 'range' || cut >= pricedFrom);

const checkpointDifference = ({ partition, cut, sourceTo }: PartitionLedger, quota: QuotaState): Difference => ({
  what: 'Quota checkpoint',
  where: `partition ${partition}, PRICED sequence ${cut}`,
  field: 'source_sequence',
  expected: String(sourceTo),
  found: String(quota.sourceTo.get(partition)),
});
