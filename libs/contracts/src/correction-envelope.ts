import { create, fromBinary, toBinary } from '@bufbuild/protobuf';
import { type Correction as WireCorrection, CorrectionEnvelopeSchema, CorrectionKind as WireKind, TargetStatus } from './gen/ledgerline/metering/v1/correction_envelope_pb.js';
import { QUANTITY_COUNT } from './quantities.js';
import { EnvelopeError } from './wire-reader.js';

/** What a correction asks for; see correction_envelope.proto. */
export type CorrectionKind = 'adjust' | 'refund' | 'void' | 'reprice' | 'credit' | 'discard' | 'release';

/** A statement of what an event should be. Texts: '' is absent. */
export interface Correction {
  /** 16 bytes: the original's address, or a credit's own; zeros for a held item that has none. */
  readonly usageId: Uint8Array;
  readonly correctionId: string;
  readonly kind: CorrectionKind;
  readonly customerId: string;
  /** Id of the API key that asked. */
  readonly requestedBy: string;
  readonly reason: string;
  readonly requestedAtUs: number;
  /** All quantities that the event should have, by their index; null: as they are. Whole numbers, or integers of 1e-9. */
  readonly usage: ReadonlyMap<number, bigint> | null;
  /** Plain decimal text in USD. */
  readonly costUsd: string;
  /** null: as it is. */
  readonly status: 'ok' | 'error' | null;
  /** 16 bytes: the event that stands in this one's place. */
  readonly replacedBy: Uint8Array | null;
  /** Of a credit only. */
  readonly occurredAtUs: number;
  readonly provider: string;
  readonly model: string;
  /** Of a discard or release only: USAGE sequence and row of what was held back, in this partition. */
  readonly heldSequence: number;
  readonly heldIndex: number;
  /** True: waits for an original that is not recorded yet, instead of being refused. */
  readonly awaitsOriginal: boolean;
}

export interface CorrectionEnvelope {
  readonly generation: number;
  readonly partition: number;
  readonly corrections: readonly Correction[];
}

/** The layout this code writes, and the highest it reads. */
export const CORRECTION_SCHEMA = 1;
/** Most corrections in one envelope: with their deltas they fit a PRICED message. */
export const MAX_CORRECTIONS = 256;

const KINDS: Readonly<Record<CorrectionKind, WireKind>> = {
  adjust: WireKind.ADJUST,
  refund: WireKind.REFUND,
  void: WireKind.VOID,
  reprice: WireKind.REPRICE,
  credit: WireKind.CREDIT,
  discard: WireKind.DISCARD,
  release: WireKind.RELEASE,
};
const KIND_NAMES = new Map(Object.entries(KINDS).map(([name, kind]) => [kind, name as CorrectionKind]));
const STATUSES = { ok: TargetStatus.OK, error: TargetStatus.ERROR } as const;
const STATUS_NAMES: ReadonlyMap<TargetStatus, 'ok' | 'error'> = new Map([[TargetStatus.OK, 'ok'], [TargetStatus.ERROR, 'error']]);

export function encodeCorrectionEnvelope({ generation, partition, corrections }: CorrectionEnvelope): Uint8Array {
  return toBinary(
    CorrectionEnvelopeSchema,
    create(CorrectionEnvelopeSchema, { schema: CORRECTION_SCHEMA, generation, partition, corrections: corrections.map(toWire) }),
  );
}

function toWire(correction: Correction) {
  const { usage, status, replacedBy, kind, requestedAtUs, occurredAtUs, heldSequence, ...same } = correction;
  return {
    ...same,
    usageId: new Uint8Array(correction.usageId),
    kind: KINDS[kind],
    requestedAtUs: BigInt(requestedAtUs),
    occurredAtUs: BigInt(occurredAtUs),
    heldSequence: BigInt(heldSequence),
    ...(usage ? { usage: { amounts: [...usage].map(([quantity, amount]) => ({ quantity: quantity + 1, amount })) } } : {}),
    status: status === null ? TargetStatus.UNSPECIFIED : STATUSES[status],
    replacedBy: new Uint8Array(replacedBy ?? []),
  };
}

/**
 * Reads a message of a correction subject. Checks its shape; what the values mean is the reader's to judge.
 *
 * @throws EnvelopeError saying what is wrong
 */
export function decodeCorrectionEnvelope(bytes: Uint8Array): CorrectionEnvelope {
  const { schema, generation, partition, corrections } = parse(bytes);
  if (schema < 1 || schema > CORRECTION_SCHEMA) throw new EnvelopeError(`schema ${schema}, expected 1 to ${CORRECTION_SCHEMA}`);
  if (corrections.length < 1 || corrections.length > MAX_CORRECTIONS) {
    throw new EnvelopeError(`${corrections.length} corrections, expected 1 to ${MAX_CORRECTIONS}`);
  }
  return { generation, partition, corrections: corrections.map(fromWire) };
}

function parse(bytes: Uint8Array) {
  try {
    return fromBinary(CorrectionEnvelopeSchema, bytes);
  } catch (error) {
    throw new EnvelopeError(`no correction envelope: ${(error as Error).message}`);
  }
}

function fromWire(wire: WireCorrection): Correction {
  const kind = KIND_NAMES.get(wire.kind);
  if (kind === undefined) throw new EnvelopeError(`kind ${wire.kind} is unknown`);
  if (wire.usageId.length !== 16) throw new EnvelopeError(`usage_id has ${wire.usageId.length} bytes, expected 16`);
  if (wire.replacedBy.length !== 0 && wire.replacedBy.length !== 16) throw new EnvelopeError(`replaced_by has ${wire.replacedBy.length} bytes, expected 16`);
  const { correctionId, customerId, requestedBy, reason, costUsd, provider, model } = wire;
  return {
    usageId: new Uint8Array(wire.usageId),
    correctionId,
    kind,
    customerId,
    requestedBy,
    reason,
    requestedAtUs: Number(wire.requestedAtUs),
    usage: wire.usage ? amountsOf(wire.usage.amounts) : null,
    costUsd,
    status: STATUS_NAMES.get(wire.status) ?? null,
    replacedBy: wire.replacedBy.length === 0 ? null : new Uint8Array(wire.replacedBy),
    occurredAtUs: Number(wire.occurredAtUs),
    provider,
    model,
    heldSequence: Number(wire.heldSequence),
    heldIndex: wire.heldIndex,
    awaitsOriginal: wire.awaitsOriginal,
  };
}

function amountsOf(amounts: readonly { quantity: number; amount: bigint }[]): Map<number, bigint> {
  const usage = new Map<number, bigint>();
  for (const { quantity, amount } of amounts) {
    if (quantity < 1 || quantity > QUANTITY_COUNT) throw new EnvelopeError(`quantity ${quantity} is unknown`);
    if (usage.has(quantity - 1)) throw new EnvelopeError(`quantity ${quantity} stands twice`);
    if (amount > 0x7fff_ffff_ffff_fffen) throw new EnvelopeError('an amount past 2^63');
    usage.set(quantity - 1, amount);
  }
  return usage;
}
