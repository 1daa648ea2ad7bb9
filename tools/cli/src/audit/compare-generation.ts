import { compareAudit } from './compare.js';
import { type Difference } from './difference.js';
import { type PartitionLedger, type SealedRows, type StoredPartition } from './facts.js';
import { type PlannedGeneration } from './plan-generation.js';
import { type Sequences, type SealedMonths, type SourceRange } from './sources.js';

/** What ClickHouse has of one generation. */
export interface GenerationRows {
  readonly stored: ReadonlyMap<number, StoredPartition>;
  readonly sealed?: ReadonlyMap<number, SealedRows>;
}

/** Reads the rows of what was walked. Of a closed generation that was walked as a whole, all rows: there must be none behind its end. */
export async function readRows({ sources, closed, plan: { coverage } }: PlannedGeneration, ledgers: readonly PartitionLedger[], months: SealedMonths): Promise<GenerationRows> {
  const whole = coverage === 'whole';
  if (closed && !whole && ledgers.every(({ cut, pricedFrom }) => cut < pricedFrom)) return { stored: new Map() };
  const range = ({ sourceAfter, sourceTo }: PartitionLedger): SourceRange => ({ after: sourceAfter, to: closed && whole ? Number.MAX_SAFE_INTEGER : sourceTo });
  const ranges = new Map(ledgers.map((ledger) => [ledger.partition, range(ledger)]));
  return { stored: await sources.storedPartitions(ranges, whole, months.rowsSinceUs), sealed: whole ? await sources.sealedPartitions(months) : undefined };
}

/** What does not agree of a closed generation by itself. */
export const compareClosed = ({ sources: { generation } }: PlannedGeneration, ledgers: readonly PartitionLedger[], rows: GenerationRows): Difference[] =>
  [...compareAudit({ ledgers, ...rows })].map((difference) => inGeneration(generation, difference));

/** Partitions of the generation in use are named by themselves. */
export const inGeneration = (generation: number, difference: Difference): Difference => ({ ...difference, where: `generation ${generation}, ${difference.where}` });

/** An identity that counts in two generations counts twice, although each of them agrees with its own log. @param ledgers of all generations, walked as a whole */
export function compareIdentities(ledgers: readonly PartitionLedger[], unique: Sequences): Difference[] {
  const recorded = new Map<number, bigint>();
  for (const { partition, originals } of ledgers) recorded.set(partition, (recorded.get(partition) ?? 0n) + originals);
  return [...recorded]
    .filter(([partition, originals]) => originals !== BigInt(unique.get(partition) ?? 0))
    .map(([partition, originals]) => ({ what: 'ClickHouse rows', where: `partition ${partition}, all generations`, field: 'unique originals', expected: originals.toString(), found: String(unique.get(partition) ?? 0) }));
}
