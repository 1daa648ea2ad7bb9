import { MAX_ROWS } from './decode-usage-envelope.js';
import { type Deltas, readDeltas, writeDeltas } from './deltas.js';
import { EnvelopeError, WireReader } from './wire-reader.js';
import { WireWriter } from './wire-writer.js';

/** What was decided about an event, or about a correction (Outcome in priced_envelope.proto). */
export const Outcome = { priced: 1, unpriced: 2, duplicate: 3, quarantined: 4, late: 5, parked: 6, applied: 7, refused: 8 } as const;
export type Outcome = (typeof Outcome)[keyof typeof Outcome];

/** In `priceSources`: no book had a price, so the cost is the one that the client stated. */
export const PRICED_BY_CLIENT = 1;

/** Name of an outcome by its number. */
export const OUTCOME_NAMES: ReadonlyMap<number, keyof typeof Outcome> = new Map(
  (Object.keys(Outcome) as (keyof typeof Outcome)[]).map((name) => [Outcome[name], name]),
);

/** Why a row was not counted. */
export interface Reason {
  readonly index: number;
  /** Stable, machine-readable. */
  readonly code: string;
  readonly detail: string;
}

/** The outcomes of one USAGE message. */
export interface PricedRun {
  readonly sourceSequence: number;
  /** The broker's time of the USAGE message, microseconds since the Unix epoch. */
  readonly recordedAtUs: number;
  /** The USAGE message's bytes as published. */
  readonly usage: Uint8Array;
  /** True when `usage` is no readable envelope; it is then one quarantined row. */
  readonly undecodable: boolean;
  /** One Outcome a row. */
  readonly outcomes: Uint8Array;
  /** 16 bytes a row: little-endian int128 in 1e-12 USD; 0 unless priced. */
  readonly costs: Uint8Array;
  readonly reasons: readonly Reason[];
  /** True when `usage` is a CorrectionEnvelope; its rows are corrections. */
  readonly correction?: boolean;
  /** One byte a row where any is not 0, which is the book. */
  readonly priceSources?: Uint8Array;
  /** What corrections change because of this message. */
  readonly deltas?: Deltas;
}

/** One PRICED message: the runs of the USAGE messages [sourceFrom..sourceTo]. */
export interface PricedEnvelope {
  readonly schema: number;
  readonly generation: number;
  readonly partition: number;
  readonly sourceFrom: number;
  readonly sourceTo: number;
  readonly previousSourceTo: number;
  readonly writerId: string;
  readonly priceBookVersion: string;
  readonly runs: readonly PricedRun[];
}

/** The layout this code writes, and the highest it reads. */
export const PRICED_SCHEMA = 1;

const writer = new WireWriter(1 << 20);

export function encodePricedEnvelope(envelope: PricedEnvelope): Uint8Array {
  writer.reset();
  writer.uint(1, envelope.schema);
  writer.uint(2, envelope.generation);
  writer.uint(3, envelope.partition);
  writer.uint(4, envelope.sourceFrom);
  writer.uint(5, envelope.sourceTo);
  writer.uint(6, envelope.previousSourceTo);
  writer.text(7, envelope.writerId);
  writer.text(8, envelope.priceBookVersion);
  for (const run of envelope.runs) {
    writer.message(9, () => {
      writer.uint(1, run.sourceSequence);
      writer.uint(2, run.recordedAtUs);
      writer.raw(3, run.usage);
      writer.uint(4, run.undecodable ? 1 : 0);
      writer.raw(5, run.outcomes);
      writer.raw(6, run.costs);
      for (const reason of run.reasons) {
        writer.message(7, () => {
          writer.uint(1, reason.index);
          writer.text(2, reason.code);
          writer.text(3, reason.detail);
        });
      }
      writer.uint(8, run.correction ? 1 : 0);
      const { deltas } = run;
      if (deltas) writer.message(9, () => writeDeltas(writer, deltas));
      if (run.priceSources) writer.raw(10, run.priceSources);
    });
  }
  return writer.finish();
}

/** @throws EnvelopeError when the bytes are no PRICED message */
export function decodePricedEnvelope(bytes: Uint8Array): PricedEnvelope {
  const reader = new WireReader(bytes);
  const runs: PricedRun[] = [];
  const envelope = {
    schema: 0,
    generation: 0,
    partition: 0,
    sourceFrom: 0,
    sourceTo: 0,
    previousSourceTo: 0,
    writerId: '',
    priceBookVersion: '',
    runs,
  };
  for (let field = reader.next(); field !== 0; field = reader.next()) {
    if (field === 1) envelope.schema = reader.uint();
    else if (field === 2) envelope.generation = reader.uint();
    else if (field === 3) envelope.partition = reader.uint();
    else if (field === 4) envelope.sourceFrom = reader.uint();
    else if (field === 5) envelope.sourceTo = reader.uint();
    else if (field === 6) envelope.previousSourceTo = reader.uint();
    else if (field === 7) envelope.writerId = reader.text();
    else if (field === 8) envelope.priceBookVersion = reader.text();
    else if (field === 9) runs.push(decodeRun(reader.raw()));
    else reader.skip();
  }
  if (envelope.schema < 1 || envelope.schema > PRICED_SCHEMA) {
    throw new EnvelopeError(`schema ${envelope.schema}, expected 1 to ${PRICED_SCHEMA}`);
  }
  if (runs.length === 0) throw new EnvelopeError('no runs');
  return envelope;
}

type Mutable<T> = { -readonly [Key in keyof T]: T[Key] };

function decodeRun(bytes: Uint8Array): PricedRun {
  const reader = new WireReader(bytes);
  const none = new Uint8Array(0);
  const reasons: Reason[] = [];
  const run: Mutable<PricedRun> = { sourceSequence: 0, recordedAtUs: 0, usage: none, undecodable: false, outcomes: none, costs: none, reasons };
  for (let field = reader.next(); field !== 0; field = reader.next()) {
    if (field === 1) run.sourceSequence = reader.uint();
    else if (field === 2) run.recordedAtUs = reader.uint();
    else if (field === 3) run.usage = reader.raw();
    else if (field === 4) run.undecodable = reader.uint() === 1;
    else if (field === 5) run.outcomes = reader.raw();
    else if (field === 6) run.costs = reader.raw();
    else if (field === 7) reasons.push(decodeReason(reader.raw()));
    else if (field === 8) run.correction = reader.uint() === 1;
    else if (field === 9) run.deltas = readDeltas(reader.raw());
    else if (field === 10) run.priceSources = reader.raw();
    else reader.skip();
  }
  if (run.outcomes.length < 1 || run.outcomes.length > MAX_ROWS) {
    throw new EnvelopeError(`a run has ${run.outcomes.length} outcomes, expected 1 to ${MAX_ROWS}`);
  }
  if (run.costs.length !== run.outcomes.length * 16) {
    throw new EnvelopeError(`a run has ${run.costs.length} bytes of costs, expected ${run.outcomes.length * 16}`);
  }
  if (run.priceSources && run.priceSources.length !== run.outcomes.length) {
    throw new EnvelopeError(`a run has ${run.priceSources.length} price sources, expected ${run.outcomes.length}`);
  }
  return run;
}

function decodeReason(bytes: Uint8Array): Reason {
  const reader = new WireReader(bytes);
  const reason = { index: 0, code: '', detail: '' };
  for (let field = reader.next(); field !== 0; field = reader.next()) {
    if (field === 1) reason.index = reader.uint();
    else if (field === 2) reason.code = reader.text();
    else if (field === 3) reason.detail = reader.text();
    else reader.skip();
  }
  return reason;
}
