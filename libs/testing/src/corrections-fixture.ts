import { randomUUID } from 'node:crypto';
import {
  type Correction,
  type CorrectionKind,
  DeltaKind,
  type Deltas,
  encodeCorrectionEnvelope,
  Outcome,
  type PricedRun,
  QUANTITY_BY_NAME,
  type Quantity,
  UsageEnvelopeBuilder,
  usageIdBytes,
} from '@ledgerline/contracts';
import { parseDecimal9 } from '@ledgerline/kernel';
import { type EventSpec, RECORDED_AT_US, rowOf } from './priced-fixture.js';

/** A correction in the words of a test, with what was decided about it; what is left out takes a default. */
export interface CorrectionSpec {
  usageId: string;
  id?: string;
  kind?: CorrectionKind;
  customer?: string;
  requestedBy?: string;
  reason?: string;
  requestedAtUs?: number;
  usage?: Partial<Record<Quantity, number | string>>;
  costUsd?: string;
  status?: 'ok' | 'error';
  replacedBy?: string;
  occurredAtUs?: number;
  provider?: string;
  model?: string;
  heldSequence?: number;
  heldIndex?: number;
  outcome?: Outcome;
  /** Why, unless it was applied. */
  because?: { code: string; detail: string };
}

/** A signed row in the words of a test. */
export interface DeltaSpec {
  usageId: string;
  event: EventSpec;
  kind: DeltaKind;
  retracts: boolean;
  version: number;
  correctionId: string;
  priceBookVersion?: string;
}

/** One message of corrections, what was decided about each, and the signed rows they make. */
export function correctionRunOf(partition: number, sequence: number, corrections: readonly CorrectionSpec[], deltas: readonly DeltaSpec[] = [], recordedAtUs = RECORDED_AT_US + sequence): PricedRun {
  return {
    sourceSequence: sequence,
    recordedAtUs,
    usage: encodeCorrectionEnvelope({ generation: 1, partition, corrections: corrections.map((correction) => wireOf(correction, recordedAtUs)) }),
    undecodable: false,
    outcomes: Uint8Array.from(corrections, ({ outcome }) => outcome ?? Outcome.applied),
    costs: new Uint8Array(16 * corrections.length),
    reasons: corrections.flatMap(({ because }, index) => (because ? [{ index, ...because }] : [])),
    correction: true,
    ...(deltas.length > 0 ? { deltas: deltasOf(partition, deltas) } : {}),
  };
}

/** Signed rows; a row's cost is its event's, negative where it takes back. */
export function deltasOf(partition: number, specs: readonly DeltaSpec[]): Deltas {
  const builder = new UsageEnvelopeBuilder(1, partition, specs.length);
  for (const { event, usageId } of specs) builder.append(rowOf(event, RECORDED_AT_US), usageIdBytes(usageId)!, 0);
  return {
    rows: builder.finish().slice(),
    entries: specs.map(({ event, kind, retracts, version, correctionId, priceBookVersion = '' }) => {
      const outcome = event.outcome ?? Outcome.priced;
      const cost = outcome === Outcome.priced ? (event.costPico ?? 0n) : 0n;
      return { kind, retracts, version, correctionId, outcome, costPicoUsd: retracts ? -cost : cost, priceBookVersion };
    }),
  };
}

/** Keeps what an event is after each correction, and gives the signed rows that make it so. */
export class CorrectedEvent {
  private version = 0;

  /** @param net the event as it was recorded; give it an id and an occurredAtUs, which all its rows share */
  constructor(
    readonly usageId: string,
    private net: EventSpec | null,
  ) {}

  /** What it is now; null when it never happened. */
  get state(): EventSpec | null {
    return this.net;
  }

  becomes(kind: DeltaKind, correctionId: string, change: Partial<EventSpec>): DeltaSpec[] {
    const back = this.row(kind, correctionId, true);
    this.net = { ...this.net, ...change };
    this.version += 1;
    return [...back, ...this.row(kind, correctionId, false)];
  }

  voided(correctionId: string): DeltaSpec[] {
    const back = this.row(DeltaKind.voided, correctionId, true);
    this.net = null;
    return back;
  }

  private row(kind: DeltaKind, correctionId: string, retracts: boolean): DeltaSpec[] {
    return this.net === null ? [] : [{ usageId: this.usageId, event: this.net, kind, retracts, version: this.version, correctionId }];
  }
}

function wireOf(spec: CorrectionSpec, recordedAtUs: number): Correction {
  return {
    usageId: usageIdBytes(spec.usageId)!,
    correctionId: spec.id ?? randomUUID(),
    kind: spec.kind ?? 'adjust',
    customerId: spec.customer ?? 'acme',
    requestedBy: spec.requestedBy ?? 'key-9',
    reason: spec.reason ?? 'it was wrong',
    requestedAtUs: spec.requestedAtUs ?? recordedAtUs - 2_000,
    usage: spec.usage ? amountsOf(spec.usage) : null,
    costUsd: spec.costUsd ?? '',
    status: spec.status ?? null,
    replacedBy: spec.replacedBy === undefined ? null : usageIdBytes(spec.replacedBy),
    occurredAtUs: spec.occurredAtUs ?? 0,
    provider: spec.provider ?? '',
    model: spec.model ?? '',
    heldSequence: spec.heldSequence ?? 0,
    heldIndex: spec.heldIndex ?? 0,
    awaitsOriginal: false,
  };
}

function amountsOf(usage: Partial<Record<Quantity, number | string>>): Map<number, bigint> {
  return new Map(
    Object.entries(usage).map(([name, amount]) => {
      const { index, decimal } = QUANTITY_BY_NAME.get(name)!;
      return [index, decimal ? parseDecimal9(String(amount)) : BigInt(amount)];
    }),
  );
}
