import { decodeUsageEnvelope, Outcome, OUTCOME_NAMES, type PricedRun, usageIdText } from '@ledgerline/contracts';
import { correctionsOf } from './collect-corrections.js';
import { correctionJson } from './correction-json.js';
import { eventJson } from './event-json.js';
import { type PlannedRun, type Range } from './plan-ranges.js';

/** An event, a correction or a whole unreadable message that was not counted. */
export interface QuarantinedItem {
  item: 'event' | 'correction';
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
  const held = run.correction ? heldCorrection : heldEvent;
  const indexes = [...run.outcomes.keys()].filter((index) => held(run.outcomes[index]!));
  if (indexes.length === 0) return [];
  const reasons = new Map(run.reasons.map((reason) => [reason.index, reason]));
  const describe = run.undecodable ? unreadable(run) : run.correction ? corrections(run) : events(run);
  return indexes.map((index) => {
    const outcome = OUTCOME_NAMES.get(run.outcomes[index]!) ?? String(run.outcomes[index]);
    return {
      item: run.correction ? 'correction' : 'event',
      ...describe(index),
      outcome,
      code: reasons.get(index)?.code ?? outcome,
      detail: reasons.get(index)?.detail ?? '',
      recordedAtUs: run.recordedAtUs,
      generation,
      partition,
      sequence: run.sourceSequence,
      index,
    };
  });
}

function heldEvent(outcome: number): boolean {
  return outcome === Outcome.quarantined || outcome === Outcome.late || outcome === Outcome.parked;
}

/** A parked correction waits for its event and needs nobody; `corrections` has it. */
function heldCorrection(outcome: number): boolean {
  return outcome === Outcome.quarantined;
}

type Described = (index: number) => Pick<QuarantinedItem, 'usageId' | 'customerId' | 'body' | 'encoding'>;

function events(run: PricedRun): Described {
  const usage = decodeUsageEnvelope(run.usage);
  return (index) => ({ usageId: usageIdText(usage.usageIds, index * 16), customerId: usage.dictionary[usage.customer[index]!]!, body: eventJson(usage, index), encoding: 'json' });
}

function corrections(run: PricedRun): Described {
  const decoded = correctionsOf(run);
  return (index) => {
    const correction = decoded[index]!;
    return { usageId: usageIdText(correction.usageId), customerId: correction.customerId, body: correctionJson(correction), encoding: 'json' };
  };
}

function unreadable({ usage }: PricedRun): Described {
  return () => ({ usageId: null, customerId: '', body: Buffer.from(usage).toString('base64'), encoding: 'base64' });
}
