import { Outcome, type PricedRun, type Reason } from '@ledgerline/contracts';
import { type PriceBook } from '@ledgerline/domain-pricing';
import { type PartitionTerms } from '../check-rows.js';
import { applyTo, digestOf } from './decide-corrections.js';
import { DeltaRows } from './delta-rows.js';
import { type EventRecord } from './event-record.js';
import { PARKED_APPLIED, PARKED_REFUSED } from './project-corrections.js';

/** An event that was recorded now, with the corrections that waited for it. */
export interface Arrival {
  row: number;
  record: EventRecord;
}

/** The run with what parked corrections change, in the order in which they came. Its reasons say what became of each. */
export function applyParked(run: PricedRun, arrivals: readonly Arrival[], book: PriceBook, { generation, partition }: PartitionTerms): PricedRun {
  const rows = new DeltaRows(generation, partition);
  const reasons: Reason[] = [...run.reasons];
  for (const { row, record } of arrivals) {
    for (const correction of record.parked) {
      const { outcome, reason } = applyTo(correction, record, book, rows);
      record.seen.set(correction.correctionId, digestOf(correction));
      const { correctionId } = correction;
      if (outcome === Outcome.applied) reasons.push({ index: row, code: PARKED_APPLIED, detail: correctionId });
      else reasons.push({ index: row, code: PARKED_REFUSED, detail: `${correctionId}: ${reason!.code}` });
    }
    record.parked = [];
  }
  const deltas = rows.finish();
  return { ...run, reasons, ...(deltas ? { deltas } : {}) };
}
