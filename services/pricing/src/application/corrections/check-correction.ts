import { type Correction, MAX_COUNT, MAX_DECIMAL, partitionOf, QUANTITIES } from '@ledgerline/contracts';
import { nameProblem, occurredAtProblem, writeUsageId } from '@ledgerline/domain-metering';
import { DecimalError, parseUsd, PICO_PER_USD } from '@ledgerline/kernel';
import { type PartitionTerms, type Refusal } from '../check-rows.js';

/** The source that a credit's identity is made with: (customer, `credit`, correction_id). */
export const CREDIT_SOURCE = 'credit';

const MAX_REASON_LENGTH = 1_000;
/** The largest cost an event may state, in USD; the same as a client's own cost. */
const MAX_COST_PICO = 9_000_000n * PICO_PER_USD;
const NANO = 1_000_000_000n;

/** Corrections of what was held back go by its position, not by a usage_id. */
export const namesHeldItem = ({ kind }: Correction): boolean => kind === 'discard' || kind === 'release';

/** Holds a correction to what ingest would have let through. @returns null when nothing is wrong */
export function checkCorrection(correction: Correction, recordedAtUs: number, terms: PartitionTerms): Refusal | null {
  const problem = textProblem(correction) ?? amountProblem(correction) ?? costProblem(correction);
  if (problem !== null) return { code: 'invalid', detail: problem };
  if (namesHeldItem(correction)) return null;
  if (correction.kind === 'credit') return creditProblem(correction, recordedAtUs, terms);
  const partition = partitionOf(correction.usageId, 0, terms.partitions);
  return partition === terms.partition ? null : { code: 'wrong_partition', detail: `the event belongs to partition ${partition}` };
}

function textProblem({ kind, customerId, correctionId, requestedBy, reason }: Correction): string | null {
  const held = kind === 'discard' || kind === 'release';
  const names: [string, string | null][] = [
    ['customer_id', held && customerId === '' ? null : nameProblem(customerId)],
    ['correction_id', nameProblem(correctionId)],
    ['requested_by', requestedBy === '' ? null : nameProblem(requestedBy)],
    ['reason', reason.length > MAX_REASON_LENGTH ? `must be at most ${MAX_REASON_LENGTH} characters long` : null],
  ];
  const wrong = names.find(([, found]) => found !== null);
  return wrong ? `${wrong[0]} ${wrong[1]}` : null;
}

function amountProblem({ usage }: Correction): string | null {
  for (const [index, amount] of usage ?? []) {
    const { name, decimal } = QUANTITIES[index]!;
    if (amount > (decimal ? BigInt(MAX_DECIMAL) * NANO : BigInt(MAX_COUNT))) return `usage.${name} is too large`;
  }
  return null;
}

function costProblem({ costUsd, kind }: Correction): string | null {
  if (costUsd === '') return kind === 'credit' ? 'cost_usd must be given' : null;
  try {
    const pico = parseUsd(costUsd);
    if (pico < 0n || pico > MAX_COST_PICO) return 'cost_usd must be between 0 and 9000000';
    return kind === 'credit' && pico === 0n ? 'cost_usd must be above 0' : null;
  } catch (error) {
    if (error instanceof DecimalError) return `cost_usd ${error.reason}`;
    throw error;
  }
}

const address = new Uint8Array(16);

function creditProblem({ usageId, customerId, correctionId, occurredAtUs }: Correction, recordedAtUs: number, { key, partition, partitions }: PartitionTerms): Refusal | null {
  writeUsageId(key, customerId, CREDIT_SOURCE, correctionId, address);
  if (!address.every((byte, i) => byte === usageId[i])) return { code: 'usage_id_mismatch', detail: 'the usage_id is not the one of customer_id and correction_id' };
  if (partitionOf(usageId, 0, partitions) !== partition) return { code: 'wrong_partition', detail: 'the credit belongs to another partition' };
  const time = occurredAtProblem(occurredAtUs, recordedAtUs);
  return time === null ? null : { code: 'invalid', detail: `occurred_at ${time}` };
}
