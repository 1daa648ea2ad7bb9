import { type Correction, decodeCorrectionEnvelope, OUTCOME_NAMES, type PricedRun, usageIdText } from '@ledgerline/contracts';
import { targetJson } from './correction-json.js';
import { type PlannedRun, type Range } from './plan-ranges.js';

/** A correction and what became of it. Times in microseconds since 1970. */
export interface RecordedCorrection {
  usageId: string;
  correctionId: string;
  kind: string;
  customerId: string;
  outcome: string;
  /** '' unless there is a reason. */
  code: string;
  detail: string;
  requestedBy: string;
  reason: string;
  requestedAtUs: number;
  /** JSON */
  target: string;
  replacedBy: string | null;
  heldSequence: number;
  heldIndex: number;
  recordedAtUs: number;
  generation: number;
  partition: number;
  sequence: number;
  index: number;
}

/** Every correction of the range, whatever was decided about it. */
export function collectCorrections(range: Range): RecordedCorrection[] {
  return range.runs.flatMap((planned) => (planned.run.correction && !planned.run.undecodable ? recordsOf(planned, range.generation) : []));
}

/** The corrections of a run, one for each of its outcomes. @throws RangeError when they are not as many */
export function correctionsOf(run: PricedRun): readonly Correction[] {
  const { corrections } = decodeCorrectionEnvelope(run.usage);
  if (corrections.length !== run.outcomes.length) throw new RangeError(`source ${run.sourceSequence}: ${corrections.length} corrections and ${run.outcomes.length} outcomes`);
  return corrections;
}

function recordsOf({ run, partition }: PlannedRun, generation: number): RecordedCorrection[] {
  const reasons = new Map(run.reasons.map((reason) => [reason.index, reason]));
  return correctionsOf(run).map((correction, index) => ({
    usageId: usageIdText(correction.usageId),
    correctionId: correction.correctionId,
    kind: correction.kind,
    customerId: correction.customerId,
    outcome: OUTCOME_NAMES.get(run.outcomes[index]!) ?? String(run.outcomes[index]),
    code: reasons.get(index)?.code ?? '',
    detail: reasons.get(index)?.detail ?? '',
    requestedBy: correction.requestedBy,
    reason: correction.reason,
    requestedAtUs: correction.requestedAtUs,
    target: targetJson(correction),
    replacedBy: correction.replacedBy && usageIdText(correction.replacedBy),
    heldSequence: correction.heldSequence,
    heldIndex: correction.heldIndex,
    recordedAtUs: run.recordedAtUs,
    generation,
    partition,
    sequence: run.sourceSequence,
    index,
  }));
}
