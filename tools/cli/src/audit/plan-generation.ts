import { type Baseline } from './baseline.js';
import { checkBaseline } from './check-baseline.js';
import { type Difference } from './difference.js';
import { type PartitionAt, type Plan, planStretches } from './plan-stretches.js';
import { type GenerationSources, type PricedState, type Sequences } from './sources.js';

export interface PlanOptions {
  /** Walk all that can be read, instead of only what came after the baseline. */
  readonly full?: boolean;
  /** As `full`, and what the streams no longer hold is read from the archive. */
  readonly deep?: boolean;
  /** Only what was published since; microseconds since the epoch. Nothing is sealed. */
  readonly sinceUs?: number;
}

/** What of one generation's log is walked, and what its totals rest on. */
export interface PlannedGeneration {
  readonly sources: GenerationSources;
  readonly closed: boolean;
  /** A closed one of which streams are no longer there. */
  readonly gone: boolean;
  readonly plan: Plan;
  readonly streams: ReadonlyMap<number, PricedState>;
  /** The baseline that is stored. */
  readonly found?: Baseline;
  /** The same, when the totals rest on it. */
  readonly rested?: Baseline;
  /** Why there is no baseline to read or write, when the store refused. */
  readonly storeProblem?: string;
  /** What says that the log is no longer the one that the baseline was sealed on. */
  readonly replaced: readonly Difference[];
}

/** Plans the generation in use, up to the cut. */
export async function planOpen(sources: GenerationSources, options: PlanOptions, cut: Sequences): Promise<PlannedGeneration> {
  const { found, storeProblem } = await loadBaseline(sources, options);
  const streams = await readStreams(sources, cut.keys());
  const plan = await planOver(sources, options, streams, cut, found);
  const rested = plan.coverage === 'baseline' ? found : undefined;
  const replaced = rested ? await checkBaseline(rested, sources, streams) : [];
  return { sources, closed: false, gone: false, plan, streams, found, rested, storeProblem, replaced };
}

/**
 * Plans a generation that a recovery closed: all of it, since it never changes again.
 *
 * A baseline that was sealed before may hold messages that were lost: it is used only where the log still bears it out. One that was sealed on
 * the closed generation stands for it, also when its streams are no longer there.
 */
export async function planClosed(sources: GenerationSources, options: PlanOptions): Promise<PlannedGeneration> {
  const { found, storeProblem } = await loadBaseline(sources, options);
  const all = await readStreams(sources, found?.positions.keys() ?? []);
  const streams = new Map([...all].filter(([, { streamId }]) => streamId !== ''));
  const common = { sources, closed: true, gone: streams.size < all.size, streams: all, found, storeProblem };
  const replaced = found ? await checkClosed(found, sources, streams) : [];
  const borneOut = replaced.length === 0 ? found : undefined;
  const cut = new Map([...streams].map(([partition, { last }]) => [partition, last]));
  if (common.gone) {
    const { coverage, stretches } = borneOut?.closed ? restOn(borneOut) : { ...(await planOver(sources, options, streams, cut)), coverage: 'range' as const };
    return { ...common, plan: { coverage, stretches }, rested: coverage === 'baseline' ? borneOut : undefined, replaced: found?.closed ? replaced : [] };
  }
  const plan = await planOver(sources, options, streams, cut, borneOut);
  const walksAll = options.full || options.deep;
  return { ...common, plan, rested: plan.coverage === 'baseline' ? borneOut : undefined, replaced: found?.closed && !walksAll ? replaced : [] };
}

/** A baseline is a shortcut: without it, the whole log is walked. */
async function loadBaseline({ baselines }: GenerationSources, { sinceUs }: PlanOptions): Promise<{ found?: Baseline; storeProblem?: string }> {
  if (sinceUs !== undefined) return {};
  try {
    return { found: await baselines.load() };
  } catch (error) {
    return { storeProblem: (error as Error).message };
  }
}

async function readStreams(sources: GenerationSources, known: Iterable<number>): Promise<Map<number, PricedState>> {
  const partitions = [...new Set([...Array.from({ length: sources.partitions }, (_, partition) => partition), ...known])];
  return new Map(await Promise.all(partitions.map(async (partition) => [partition, await sources.priced(partition)] as const)));
}

async function planOver(sources: GenerationSources, { full = false, deep = false, sinceUs }: PlanOptions, streams: ReadonlyMap<number, PricedState>, cut: Sequences, baseline?: Baseline): Promise<Plan> {
  const partitions = [...streams.keys()];
  if (sinceUs !== undefined) {
    const stretches = partitions.map(async (partition) => {
      const upTo = cut.get(partition) ?? 0;
      const after = Math.min(upTo, Math.max(streams.get(partition)!.first - 1, await sources.pricedBefore(partition, sinceUs)));
      return { again: [], counted: { partition, after, sourceAfter: after === 0 ? 0 : null, cut: upTo } };
    });
    return { coverage: 'range', stretches: await Promise.all(stretches) };
  }
  const at = partitions.map(async (partition): Promise<PartitionAt> => {
    const { first } = streams.get(partition)!;
    const archived = deep && first > 1 ? await sources.firstArchived(partition) : undefined;
    return { partition, cut: cut.get(partition) ?? 0, first: Math.min(first, archived ?? first), sealed: baseline?.positions.get(partition) };
  });
  return planStretches(await Promise.all(at), full || deep);
}

/** Nothing is walked. */
const restOn = ({ positions }: Baseline): Plan => ({
  coverage: 'baseline',
  stretches: [...positions.values()].map(({ partition, pricedSequence, sourceSequence }) => ({ again: [], counted: { partition, after: pricedSequence, sourceAfter: sourceSequence, cut: pricedSequence } })),
});

/** As for any baseline; and one of a closed generation lies at its end. Streams that are gone say nothing. */
async function checkClosed(baseline: Baseline, sources: GenerationSources, streams: ReadonlyMap<number, PricedState>): Promise<Difference[]> {
  const positions = new Map([...baseline.positions].filter(([partition]) => streams.has(partition)));
  const moved = [...positions.values()].filter(({ partition, pricedSequence }) => baseline.closed && streams.get(partition)!.last !== pricedSequence);
  const ends = moved.map(({ partition, pricedSequence }): Difference => ({
    what: 'PRICED stream', where: `partition ${partition}`, field: 'last sequence', expected: String(pricedSequence), found: String(streams.get(partition)!.last),
  }));
  return [...ends, ...(await checkBaseline({ ...baseline, positions }, sources, streams))];
}
