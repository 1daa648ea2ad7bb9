import { type NewSeal, type SealedPosition } from './baseline.js';
import { addOutcomes } from './facts.js';
import { type PlannedGeneration } from './plan-generation.js';
import { type LedgerSums } from './sums.js';
import { type Walked } from './walk-generation.js';

/**
 * What a run without a difference has proved of a generation; undefined when that is what its baseline says already.
 * @param ledgerByKey the generation's own sums, from its beginning
 */
export function sealOf({ closed, found, rested, streams }: PlannedGeneration, walked: Walked, ledgerByKey: ReadonlyMap<string, LedgerSums>): NewSeal | undefined {
  const changed = walked.counted.some(({ pricedFrom, cut }) => cut >= pricedFrom);
  if (!changed && rested && rested.closed === closed) return undefined;
  const positions = walked.counted.map((ledger): SealedPosition => {
    const before = rested?.positions.get(ledger.partition);
    return {
      partition: ledger.partition,
      pricedSequence: ledger.cut,
      sourceSequence: ledger.sourceTo,
      streamId: streams.get(ledger.partition)!.streamId,
      messageDigest: ledger.lastDigest || (before?.messageDigest ?? ''),
      usageEvents: ledger.usageEvents + (before?.usageEvents ?? 0n),
      corrections: ledger.corrections + (before?.corrections ?? 0n),
      outcomes: addOutcomes(ledger.outcomes, before?.outcomes ?? []),
    };
  });
  const byKey = rested ? new Map([...walked.byKey.keys()].map((key) => [key, ledgerByKey.get(key)!])) : ledgerByKey;
  return { replaces: found?.number ?? 0, positions, byKey, whole: !rested, closed };
}
