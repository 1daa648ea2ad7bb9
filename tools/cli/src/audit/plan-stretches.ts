import { type SealedPosition } from './baseline.js';
import { type Stretch } from './walk-partition.js';

/** A partition as the audit finds it. */
export interface PartitionAt {
  readonly partition: number;
  /** PRICED sequence up to which the audit goes. */
  readonly cut: number;
  /** First PRICED sequence that can be read; 1 when nothing was ever taken away, or the archive has it. */
  readonly first: number;
  /** A baseline's place in this partition; missing when there is none for it. */
  readonly sealed?: SealedPosition;
}

/** What the totals of the run rest on. */
export type Coverage =
  /** The log from its beginning. */
  | 'whole'
  /** A sealed baseline and the log behind it. */
  | 'baseline'
  /** A stretch of the log: only rows can be compared, totals begin earlier. */
  | 'range';

export interface Plan {
  readonly coverage: Coverage;
  /** Stretches to walk, in order; `again` lies before the baseline and adds nothing to its totals. */
  readonly stretches: readonly { readonly again: readonly Stretch[]; readonly counted: Stretch }[];
}

/**
 * Which stretches of the log to walk.
 *
 * A baseline's sums are those of all partitions together, so it is used for all of them or for none.
 *
 * @param full walk everything that can be read, and use the baseline only for what cannot
 */
export function planStretches(partitions: readonly PartitionAt[], full: boolean): Plan {
  const complete = partitions.every(({ first }) => first <= 1);
  const sealed = partitions.some((at) => at.sealed) && partitions.every(canContinue);
  if (sealed && !full) return { coverage: 'baseline', stretches: partitions.map((at) => ({ again: [], counted: behind(at) })) };
  if (complete) return { coverage: 'whole', stretches: partitions.map((at) => ({ again: [], counted: { partition: at.partition, after: 0, sourceAfter: 0, cut: at.cut } })) };
  if (sealed) return { coverage: 'baseline', stretches: partitions.map((at) => ({ again: before(at), counted: behind(at) })) };
  return { coverage: 'range', stretches: partitions.map((at) => ({ again: [], counted: fromFirst(at) })) };
}

/** The baseline lies in what is audited, and nothing is missing between it and what can be read. */
const canContinue = ({ sealed, first, cut }: PartitionAt): boolean => {
  const position = sealed?.pricedSequence ?? 0;
  return position <= cut && first <= position + 1;
};

const behind = ({ partition, sealed, cut }: PartitionAt): Stretch => ({ partition, after: sealed?.pricedSequence ?? 0, sourceAfter: sealed?.sourceSequence ?? 0, cut });

function before({ partition, first, sealed }: PartitionAt): Stretch[] {
  if (!sealed || first > sealed.pricedSequence) return [];
  return [{ partition, after: first - 1, sourceAfter: first <= 1 ? 0 : null, cut: sealed.pricedSequence }];
}

function fromFirst({ partition, first, cut }: PartitionAt): Stretch {
  if (first <= 1) return { partition, after: 0, sourceAfter: 0, cut };
  // Nothing to read up to the cut: the stretch is empty.
  return { partition, after: Math.min(first - 1, cut), sourceAfter: null, cut };
}
