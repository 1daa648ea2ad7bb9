import { decodeUsageEnvelope, EnvelopeError, Outcome, PRICED_BY_CLIENT, type PricedRun, type Reason, type UsageColumns, writeInt128 } from '@ledgerline/contracts';
import { fingerprints } from '@ledgerline/domain-metering';
import { type PriceBook, priceRows } from '@ledgerline/domain-pricing';
import { checkRows, type PartitionTerms, type Refusal } from './check-rows.js';
import { claimantOf, setRow } from './claimant.js';
import { Claim, type Claimant } from './idempotency-index.js';
import { indexedSequence } from './indexed-position.js';
import { type ClaimAnswer, LATE } from './late-events.js';

/** A USAGE message as it lies in the stream. */
export interface UsageMessage {
  sequence: number;
  /** the broker's, microseconds since 1970 */
  timestampUs: number;
  /** tells usage from corrections */
  subject: string;
  data: Uint8Array;
}

/** Says who has an identity, entering the claimant when nobody does. The only thing a decision depends on besides its input. */
export type ClaimIdentity = (claimant: Claimant) => ClaimAnswer;

/** Bytes of reasons in one run; beyond it only the code is said, so that a run fits a message. */
const REASON_BYTES = 60_000;
const COST_BYTES = 16;
/** An entry of signed rows with its longest correction_id. */
const DELTA_BYTES = 900;

/**
 * Decides about every event of a USAGE message: counted and at what cost, already counted, or refused and why.
 * No IO and no clock: the same messages in the same order give the same outcomes, however they are split into runs.
 */
export function decideRun(message: UsageMessage, terms: PartitionTerms, book: PriceBook, claim: ClaimIdentity): PricedRun {
  const columns = decodeUsage(message.data);
  return 'code' in columns ? undecodable(message, columns) : decideColumns(message, columns, terms, book, claim);
}

/** The same for a message that is decoded already. */
export function decideColumns(message: UsageMessage, columns: UsageColumns, terms: PartitionTerms, book: PriceBook, claim: ClaimIdentity): PricedRun {
  const outcomes = new Uint8Array(columns.count);
  const reasons = new Reasons();
  const wanted = decideOutcomes(columns, message, terms, claim, outcomes, reasons);
  const costs = new Uint8Array(columns.count * COST_BYTES);
  const view = new DataView(costs.buffer);
  let priceSources: Uint8Array | undefined;
  priceRows(book, columns, wanted, (row, pico, source) => {
    if (source === 'client') (priceSources ??= new Uint8Array(columns.count))[row] = PRICED_BY_CLIENT;
    if (pico === null) outcomes[row] = Outcome.unpriced;
    else if (typeof pico === 'bigint') writeInt128(costs, row * COST_BYTES, pico);
    else {
      view.setUint32(row * COST_BYTES, pico % 0x1_0000_0000, true);
      view.setUint32(row * COST_BYTES + 4, Math.floor(pico / 0x1_0000_0000), true);
    }
  });
  return {
    sourceSequence: message.sequence,
    recordedAtUs: message.timestampUs,
    usage: message.data,
    undecodable: false,
    outcomes,
    costs,
    reasons: reasons.list,
    ...(priceSources ? { priceSources } : {}),
  };
}

/** @returns 1 for the rows to price: originals, provisionally priced */
function decideOutcomes(
  columns: UsageColumns,
  { sequence, timestampUs }: UsageMessage,
  terms: PartitionTerms,
  claim: ClaimIdentity,
  outcomes: Uint8Array,
  reasons: Reasons,
): Uint8Array {
  const refusals = checkRows(columns, timestampUs, terms);
  const prints = fingerprints(terms.key, columns);
  const wanted = new Uint8Array(columns.count);
  const claimant = claimantOf(columns, indexedSequence(terms.generation, sequence), timestampUs);
  for (let row = 0; row < columns.count; row++) {
    let refusal = refusals[row]!;
    if (refusal === null) {
      setRow(claimant, columns, row);
      claimant.fingerprintHigh = prints[row * 2]!;
      claimant.fingerprintLow = prints[row * 2 + 1]!;
      const answer = claim(claimant);
      if (answer === Claim.original || answer === Claim.own) {
        outcomes[row] = Outcome.priced;
        wanted[row] = 1;
        continue;
      }
      if (answer === Claim.duplicate) {
        outcomes[row] = Outcome.duplicate;
        continue;
      }
      if (answer === LATE) {
        outcomes[row] = Outcome.late;
        reasons.add(row, TOO_OLD);
        continue;
      }
      refusal = CONFLICT;
    }
    outcomes[row] = Outcome.quarantined;
    reasons.add(row, refusal);
  }
  return wanted;
}

const TOO_OLD: Refusal = { code: 'late', detail: 'it is older than anything that is stored, so nobody can tell whether it was counted before; release it, or send it as a backfill' };
const CONFLICT: Refusal = { code: 'conflict', detail: 'another event with this customer_id, source and id was counted with other content' };

/** The events of a message, or why nobody can read it. */
export function decodeUsage(data: Uint8Array): UsageColumns | Refusal {
  try {
    return decodeUsageEnvelope(data);
  } catch (error) {
    if (error instanceof EnvelopeError) return { code: 'undecodable', detail: error.message };
    throw error;
  }
}

/** The run of a message that nobody can read: one quarantined item. */
export function undecodable({ sequence, timestampUs, data }: UsageMessage, { code, detail }: Refusal): PricedRun {
  return {
    sourceSequence: sequence,
    recordedAtUs: timestampUs,
    usage: data,
    undecodable: true,
    outcomes: Uint8Array.of(Outcome.quarantined),
    costs: new Uint8Array(COST_BYTES),
    reasons: [{ index: 0, code, detail: detail.slice(0, 200) }],
  };
}

/** Reasons of a run, their details bounded in sum. */
class Reasons {
  readonly list: Reason[] = [];
  private bytes = 0;

  add(index: number, { code, detail }: Refusal): void {
    this.bytes += Buffer.byteLength(detail);
    this.list.push({ index, code, detail: this.bytes > REASON_BYTES ? '' : detail });
  }
}

/** Upper bound of a run's encoded size, bytes. */
export function encodedBound(run: PricedRun): number {
  let bound = run.usage.length + run.outcomes.length * (2 + COST_BYTES) + 64;
  for (const { code, detail } of run.reasons) bound += code.length + Buffer.byteLength(detail) + 16;
  if (run.deltas) bound += run.deltas.rows.length + run.deltas.entries.length * DELTA_BYTES;
  return bound;
}
