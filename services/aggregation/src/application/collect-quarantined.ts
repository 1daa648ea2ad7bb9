import { decodeUsageEnvelope, Outcome, OUTCOME_NAMES, usageIdText } from '@ledgerline/contracts';
import { eventJson } from './event-json.js';
import { type PlannedRun, type Range } from './plan-ranges.js';

/** An event, or a whole unreadable message, that was not counted. */
export interface QuarantinedItem {
  /** null when the message could not be decoded */
  usageId: string | null;
  customerId: string;
  outcome: string;
  code: string;
  detail: string;
  body: string;
  encoding: 'json' | 'base64';
  recordedAtUs: number;
  generation: number;
  partition: number;
  sequence: number;
  index: number;
}

/** Everything in the range that does not count and is no duplicate, with its reason and its body. */
export function collectQuarantined(range: Range): QuarantinedItem[] {
  return range.runs.flatMap((planned) => itemsOf(planned, range.generation));
}

function itemsOf({ run, partition }: PlannedRun, generation: number): QuarantinedItem[] {
  const indexes = [...run.outcomes.keys()].filter((index) => held(run.outcomes[index]!));
  if (indexes.length === 0) return [];
  const reasons = new Map(run.reasons.map((reason) => [reason.index, reason]));
  const usage = run.undecodable ? null : decodeUsageEnvelope(run.usage);
  return indexes.map((index) => {
    const outcome = OUTCOME_NAMES.get(run.outcomes[index]!) ?? String(run.outcomes[index]);
    return {
      usageId: usage ? usageIdText(usage.usageIds, index * 16) : null,
      customerId: usage ? usage.dictionary[usage.customer[index]!]! : '',
      outcome,
      code: reasons.get(index)?.code ?? outcome,
      detail: reasons.get(index)?.detail ?? '',
      body: usage ? eventJson(usage, index) : Buffer.from(run.usage).toString('base64'),
      encoding: usage ? 'json' : 'base64',
      recordedAtUs: run.recordedAtUs,
      generation,
      partition,
      sequence: run.sourceSequence,
      index,
    };
  });
}

function held(outcome: number): boolean {
  return outcome === Outcome.quarantined || outcome === Outcome.late || outcome === Outcome.parked;
}
