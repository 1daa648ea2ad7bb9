import { type Difference } from './difference.js';
import { joinLedgers, type PartitionLedger } from './facts.js';
import { type Plan } from './plan-stretches.js';
import { type GenerationSources } from './sources.js';
import { addLedgerSums, copySums, type LedgerSums } from './sums.js';
import { type Stretch } from './walk-partition.js';

/** What walking one generation found. */
export interface Walked {
  /** All that was walked, by partition. */
  readonly ledgers: PartitionLedger[];
  /** Of it, what lies behind the baseline. */
  readonly counted: PartitionLedger[];
  readonly byKey: Map<string, LedgerSums>;
}

const lengthOf = ({ after, cut }: Stretch): number => cut - after;

/** PRICED messages that a plan walks. */
export const messagesOf = ({ stretches }: Plan): number =>
  stretches.reduce((sum, { again, counted }) => sum + [...again, counted].reduce((own, stretch) => own + lengthOf(stretch), 0), 0);

/** Walks what was planned, or up to the first contradiction. @param onProgress called with the messages read so far */
export async function walkGeneration(sources: GenerationSources, { stretches }: Plan, rowsSinceUs: number, onProgress?: (read: number) => void): Promise<Walked | { difference: Difference; ledgers: PartitionLedger[] }> {
  const walked: Walked = { ledgers: [], counted: [], byKey: new Map() };
  let read = 0;
  for (const { again, counted } of stretches) {
    let all: PartitionLedger | undefined;
    for (const stretch of [...again, counted]) {
      const walk = await sources.walk({ ...stretch, rowsSinceUs }, (sequence) => onProgress?.(read + sequence - stretch.after));
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
