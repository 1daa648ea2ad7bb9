import { type Correction, type Delta, type Deltas, DeltaKind, encodeCorrectionEnvelope, correctionSubject, Outcome, type PricedRun } from '@ledgerline/contracts';
import { type StreamMessage } from '../src/audit/walk-partition.js';
import { type Event, usageMessage } from './log.js';

/** Corrections of a made-up log, all to the same effect: what they ask for is pricing's business. */
export function correctionMessage(ids: readonly Uint8Array[], sequence: number): StreamMessage {
  const corrections = ids.map((usageId, index): Correction => ({
    usageId, correctionId: `c${sequence}-${index}`, kind: 'adjust', customerId: 'acme', requestedBy: 'key', reason: 'misread', requestedAtUs: 1, usage: new Map([[0, 7n]]), costUsd: '', status: null,
    replacedBy: null, occurredAtUs: 0, provider: '', model: '', heldSequence: 0, heldIndex: 0, awaitsOriginal: false,
  }));
  return { sequence, timestampUs: sequence * 1000, subject: correctionSubject(1, 0), data: encodeCorrectionEnvelope({ generation: 1, partition: 0, corrections }) };
}

/** The run that decides them. */
export const correctionRun = (message: StreamMessage, outcomes: readonly number[], deltas?: Deltas): PricedRun => ({
  sourceSequence: message.sequence,
  recordedAtUs: message.timestampUs,
  usage: message.data,
  undecodable: false,
  outcomes: Uint8Array.from(outcomes),
  costs: new Uint8Array(16 * outcomes.length),
  reasons: [],
  correction: true,
  deltas,
});

/** One signed row. */
export interface SignedRow {
  readonly event: Event;
  readonly kind?: Delta['kind'];
  readonly retracts: boolean;
  readonly version: number;
}

/** Signed rows as pricing writes them; the cost of a row that retracts is negative. */
export const deltasOf = (rows: readonly SignedRow[]): Deltas => ({
  rows: usageMessage(rows.map(({ event }) => event), 0).data,
  entries: rows.map(({ event, kind = DeltaKind.adjusted, retracts, version }) => ({
    kind, retracts, version, correctionId: 'c', outcome: event.outcome as Delta['outcome'], costPicoUsd: event.outcome === Outcome.unpriced ? 0n : retracts ? -event.cost : event.cost, priceBookVersion: '',
  })),
});
