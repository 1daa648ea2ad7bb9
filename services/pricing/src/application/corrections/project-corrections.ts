import { type Correction, decodeCorrectionEnvelope, decodeUsageEnvelope, type Delta, DeltaKind, Outcome, type PricedRun, readUsage, usageIdText } from '@ledgerline/contracts';
import { type NetEvent } from '@ledgerline/domain-pricing';
import { type PartitionTerms } from '../check-rows.js';
import { type LedgerChanges } from './correction-ledger.js';
import { digestOf } from './decide-corrections.js';
import { oneRow } from './find-original.js';

/** Reasons of a counted row: what became of a correction that waited for it. The detail begins with the correction_id. */
export const PARKED_APPLIED = 'parked_correction_applied';
export const PARKED_REFUSED = 'parked_correction_refused';

/** Adds to `changes` what a PRICED run did to corrected events. Everything the ledger knows comes from here, live and after a restart. */
export function projectCorrections(run: PricedRun, terms: PartitionTerms, changes: LedgerChanges): void {
  if (run.correction && !run.undecodable) projectOutcomes(run, changes);
  if (run.deltas) projectDeltas(run, terms, changes);
  if (!run.correction) projectArrivals(run, changes);
}

function projectOutcomes(run: PricedRun, changes: LedgerChanges): void {
  decodeCorrectionEnvelope(run.usage).corrections.forEach((correction, index) => projectOutcome(correction, run.outcomes[index]!, changes));
}

function projectOutcome(correction: Correction, outcome: number, changes: LedgerChanges): void {
  const usageId = usageIdText(correction.usageId);
  if (outcome === Outcome.parked) changes.parked.push({ usageId, correction });
  // A refusal because of another correction with the same id leaves that one's memory as it is: the first one saved stays.
  if (outcome === Outcome.applied || outcome === Outcome.refused) changes.seen.push({ usageId, correctionId: correction.correctionId, digest: digestOf(correction) });
}

function projectDeltas({ deltas }: PricedRun, terms: PartitionTerms, changes: LedgerChanges): void {
  const columns = decodeUsageEnvelope(deltas!.rows);
  deltas!.entries.forEach((entry, row) => {
    const usageId = usageIdText(columns.usageIds, row * 16);
    const net: NetEvent = {
      ...stateOf(entry),
      usage: readUsage(columns, row),
      status: columns.status[row] === 1 ? 'error' : 'ok',
    };
    changes.events.set(usageId, { envelope: oneRow(columns, row, terms), net });
  });
}

/** A row that takes back leaves the event void, unless the next row states what it is. */
function stateOf({ kind, retracts, version, outcome, costPicoUsd, priceBookVersion }: Delta): Omit<NetEvent, 'usage' | 'status'> {
  const cost = retracts ? -costPicoUsd : costPicoUsd;
  return {
    version: retracts ? version + 1 : version,
    voided: retracts,
    credit: kind === DeltaKind.credited,
    costPico: outcome === Outcome.unpriced ? null : cost,
    priceBookVersion,
  };
}

/** Events that were recorded in this run, and the corrections that waited for them decided. */
function projectArrivals(run: PricedRun, changes: LedgerChanges): void {
  const decided = run.reasons.filter(({ code }) => code === PARKED_APPLIED || code === PARKED_REFUSED);
  if (decided.length === 0) return;
  const { usageIds } = decodeUsageEnvelope(run.usage);
  for (const { index } of decided) changes.arrived.add(usageIdText(usageIds, index * 16));
}
