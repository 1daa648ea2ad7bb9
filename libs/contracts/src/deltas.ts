import { readInt128, writeInt128 } from './int128.js';
import { type Outcome } from './priced-envelope.js';
import { EnvelopeError, WireReader } from './wire-reader.js';
import { type WireWriter } from './wire-writer.js';

/** What made a signed row (DeltaKind in priced_envelope.proto); 1 is a row as it was recorded. */
export const DeltaKind = { adjusted: 2, voided: 3, repriced: 4, refunded: 5, credited: 6 } as const;
export type DeltaKind = (typeof DeltaKind)[keyof typeof DeltaKind];

/** Name of a kind by its number. */
export const DELTA_KIND_NAMES: ReadonlyMap<number, keyof typeof DeltaKind> = new Map(
  (Object.keys(DeltaKind) as (keyof typeof DeltaKind)[]).map((name) => [DeltaKind[name], name]),
);

/** How a row of Deltas counts. */
export interface Delta {
  readonly kind: DeltaKind;
  /** True: takes back what was counted before; event, quantities and unpriced count negative. */
  readonly retracts: boolean;
  /** Which state of the event it adds or takes back: 0 as recorded, n after the n-th correction. */
  readonly version: number;
  readonly correctionId: string;
  /** Priced or unpriced. */
  readonly outcome: Outcome;
  /** With its sign: negative where the row retracts. 1e-12 USD; 0 when unpriced. */
  readonly costPicoUsd: bigint;
  /** '' when the cost was stated and not computed. */
  readonly priceBookVersion: string;
}

/** Signed rows: what corrections change. */
export interface Deltas {
  /** A UsageEnvelope with as many rows as there are entries; its amounts are never negative. */
  readonly rows: Uint8Array;
  readonly entries: readonly Delta[];
}

/** What a row adds to event counts: 1 or -1; 0 for a credit, which is money only. */
export const eventCountOf = ({ kind, retracts }: Pick<Delta, 'kind' | 'retracts'>): -1 | 0 | 1 => (kind === DeltaKind.credited ? 0 : retracts ? -1 : 1);

const cost = new Uint8Array(16);

/** Writes Deltas as the fields of a message that is being written. */
export function writeDeltas(writer: WireWriter, { rows, entries }: Deltas): void {
  writer.raw(1, rows);
  for (const entry of entries) {
    writer.message(2, () => {
      writer.uint(1, entry.kind);
      writer.uint(2, entry.retracts ? 1 : 0);
      writer.uint(3, entry.version);
      writer.text(4, entry.correctionId);
      writer.uint(5, entry.outcome);
      writeInt128(cost, 0, entry.costPicoUsd);
      writer.raw(6, cost);
      writer.text(7, entry.priceBookVersion);
    });
  }
}

/** @throws EnvelopeError */
export function readDeltas(bytes: Uint8Array): Deltas {
  const reader = new WireReader(bytes);
  const entries: Delta[] = [];
  let rows: Uint8Array = new Uint8Array(0);
  for (let field = reader.next(); field !== 0; field = reader.next()) {
    if (field === 1) rows = reader.raw();
    else if (field === 2) entries.push(readDelta(reader.raw()));
    else reader.skip();
  }
  if (rows.length === 0 || entries.length === 0) throw new EnvelopeError('deltas without rows');
  return { rows, entries };
}

function readDelta(bytes: Uint8Array): Delta {
  const reader = new WireReader(bytes);
  const delta = { kind: 0 as DeltaKind, retracts: false, version: 0, correctionId: '', outcome: 0 as Outcome, costPicoUsd: 0n, priceBookVersion: '' };
  for (let field = reader.next(); field !== 0; field = reader.next()) {
    if (field === 1) delta.kind = reader.uint() as DeltaKind;
    else if (field === 2) delta.retracts = reader.uint() === 1;
    else if (field === 3) delta.version = reader.uint();
    else if (field === 4) delta.correctionId = reader.text();
    else if (field === 5) delta.outcome = reader.uint() as Outcome;
    else if (field === 6) delta.costPicoUsd = costOf(reader.raw());
    else if (field === 7) delta.priceBookVersion = reader.text();
    else reader.skip();
  }
  if (!DELTA_KIND_NAMES.has(delta.kind)) throw new EnvelopeError(`a delta has kind ${delta.kind}`);
  return delta;
}

function costOf(bytes: Uint8Array): bigint {
  if (bytes.length !== 16) throw new EnvelopeError(`a delta has ${bytes.length} bytes of cost, expected 16`);
  return readInt128(bytes, 0);
}
