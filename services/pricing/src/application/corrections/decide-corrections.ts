import { createHash } from 'node:crypto';
import { type Correction, type CorrectionKind, DeltaKind, Outcome, type PricedRun, type Reason, UsageEnvelopeBuilder, usageIdText, UsageRow } from '@ledgerline/contracts';
import { type CorrectionTarget, decideCorrection, type PriceBook } from '@ledgerline/domain-pricing';
import { formatUsd, parseUsd } from '@ledgerline/kernel';
import { type PartitionTerms, type Refusal } from '../check-rows.js';
import { type UsageMessage } from '../decide-run.js';
import { checkCorrection, CREDIT_SOURCE, namesHeldItem } from './check-correction.js';
import { DeltaRows } from './delta-rows.js';
import { type CountedEvent, type EventRecord, fieldsOf, priceAs } from './event-record.js';

const DELTA_KINDS: Readonly<Record<'adjust' | 'refund' | 'void' | 'reprice', DeltaKind>> = {
  adjust: DeltaKind.adjusted,
  refund: DeltaKind.refunded,
  void: DeltaKind.voided,
  reprice: DeltaKind.repriced,
};

type Verdict = { outcome: Outcome; reason?: Refusal };

/**
 * Decides the corrections of one message against the records of their events, which it brings up to date.
 * No IO and no clock: the same messages against the same records give the same outcomes and rows.
 *
 * @param records one for each usage_id of the message, as text
 */
export function decideCorrections(
  message: UsageMessage,
  corrections: readonly Correction[],
  terms: PartitionTerms,
  book: PriceBook,
  records: ReadonlyMap<string, EventRecord>,
): PricedRun {
  const rows = new DeltaRows(terms.generation, terms.partition);
  const outcomes = new Uint8Array(corrections.length);
  const reasons: Reason[] = [];
  corrections.forEach((correction, index) => {
    const malformed = checkCorrection(correction, message.timestampUs, terms);
    const record = records.get(usageIdText(correction.usageId))!;
    const { outcome, reason } = malformed ? { outcome: Outcome.quarantined, reason: malformed } : decideOne(correction, record, book, rows, terms);
    outcomes[index] = outcome;
    if (reason) reasons.push({ index, ...reason });
  });
  const deltas = rows.finish();
  return {
    sourceSequence: message.sequence,
    recordedAtUs: message.timestampUs,
    usage: message.data,
    undecodable: false,
    outcomes,
    costs: new Uint8Array(corrections.length * 16),
    reasons,
    correction: true,
    ...(deltas ? { deltas } : {}),
  };
}

function decideOne(correction: Correction, record: EventRecord, book: PriceBook, rows: DeltaRows, terms: PartitionTerms): Verdict {
  const { correctionId } = correction;
  const digest = digestOf(correction);
  const before = record.seen.get(correctionId) ?? parkedDigest(record, correctionId);
  if (before !== undefined) {
    return before === digest
      ? { outcome: Outcome.duplicate }
      : refused({ code: 'correction_conflict', detail: 'another correction of this event has this id and says something else' });
  }
  const verdict = decideNew(correction, record, book, rows, terms);
  if (verdict.outcome !== Outcome.parked) record.seen.set(correctionId, digest);
  return verdict;
}

function parkedDigest({ parked }: EventRecord, correctionId: string): string | undefined {
  const found = parked.find((one) => one.correctionId === correctionId);
  return found && digestOf(found);
}

function decideNew(correction: Correction, record: EventRecord, book: PriceBook, rows: DeltaRows, terms: PartitionTerms): Verdict {
  if (namesHeldItem(correction)) return { outcome: Outcome.applied };
  if (correction.kind === 'credit') return credit(correction, record, rows, terms);
  if (record.event === null) {
    if (!record.forgotten && correction.awaitsOriginal) {
      record.parked.push(correction);
      return { outcome: Outcome.parked, reason: { code: 'not_recorded_yet', detail: 'it takes effect when its event is recorded' } };
    }
    return refused(record.forgotten ? PAST_RETENTION : NOT_FOUND);
  }
  return applyTo(correction, record, book, rows);
}

const NOT_FOUND: Refusal = { code: 'not_found', detail: 'the customer has no event with this usage_id' };
const PAST_RETENTION: Refusal = { code: 'past_retention', detail: 'no event with this usage_id is stored any more; give a credit instead' };

/** Applies a correction to the event of a record. Its rows go into `rows`, the new state into the record. */
export function applyTo(correction: Correction, record: EventRecord, book: PriceBook, rows: DeltaRows): Verdict {
  const event = record.event!;
  const fields = fieldsOf(event);
  if (fields.dictionary[fields.customer[0]!] !== correction.customerId) return refused(NOT_FOUND);
  if (!rows.fits(event)) return refused({ code: 'too_large', detail: 'its rows do not fit the message with the others; send it again alone' });
  const decision = decideCorrection(targetOf(correction), event.net, priceAs(book, fields));
  if ('refused' in decision) return refused(decision.refused);
  if (decision.next !== event.net) {
    const after = { envelope: event.envelope, net: decision.next };
    rows.change(event, after, event.net.credit ? DeltaKind.credited : DELTA_KINDS[correction.kind as keyof typeof DELTA_KINDS], correction.correctionId);
    record.event = after;
  }
  return { outcome: Outcome.applied };
}

function credit(correction: Correction, record: EventRecord, rows: DeltaRows, terms: PartitionTerms): Verdict {
  if (record.event !== null) return refused({ code: 'correction_conflict', detail: 'an event has this usage_id' });
  const after = creditEvent(correction, terms);
  if (!rows.fits(after)) return refused({ code: 'too_large', detail: 'its row does not fit the message with the others; send it again alone' });
  rows.change(null, after, DeltaKind.credited, correction.correctionId);
  record.event = after;
  return { outcome: Outcome.applied };
}

/** A credit as an event: no quantity, a negative cost. */
function creditEvent(correction: Correction, { generation, partition }: PartitionTerms): CountedEvent {
  const row = new UsageRow();
  row.id = correction.correctionId;
  row.source = CREDIT_SOURCE;
  row.customer = correction.customerId;
  row.provider = correction.provider;
  row.model = correction.model;
  row.apiKey = correction.requestedBy;
  row.occurredAtUs = correction.occurredAtUs;
  const builder = new UsageEnvelopeBuilder(generation, partition, 1);
  builder.append(row, correction.usageId, 0);
  const net = { version: 0, voided: false, credit: true, usage: new Map(), costPico: -parseUsd(correction.costUsd), status: 'ok' as const, priceBookVersion: '' };
  return { envelope: builder.finish(), net };
}

function targetOf({ kind, usage, costUsd, status }: Correction): CorrectionTarget {
  return { kind: kind as CorrectionTarget['kind'], usage, costPico: costUsd === '' ? null : parseUsd(costUsd), status };
}

const refused = (reason: Refusal): Verdict => ({ outcome: Outcome.refused, reason });

/** What a correction asks for, without who asked and any time: a repetition may come later and with another key. */
export function digestOf({ kind, customerId, usage, costUsd, status, replacedBy, provider, model, heldSequence, heldIndex }: Correction): string {
  const amounts = usage && [...usage].sort(([a], [b]) => a - b).map(([quantity, amount]) => [quantity, String(amount)]);
  const cost = costUsd === '' ? '' : formatUsd(parseUsd(costUsd));
  const text = JSON.stringify([kind, customerId, amounts, cost, status, replacedBy && usageIdText(replacedBy), provider, model, heldSequence, heldIndex]);
  return createHash('sha256').update(text).digest('base64url').slice(0, 22);
}

/** Kinds whose event has to be known before they can be decided. */
export const needsEvent = (kind: CorrectionKind): boolean => kind !== 'discard' && kind !== 'release';
