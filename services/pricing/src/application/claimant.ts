import { type UsageColumns } from '@ledgerline/contracts';
import { type Claimant } from './idempotency-index.js';

/** A claimant for the rows of one USAGE message, to be set to one after the other. */
export function claimantOf({ usageIds }: UsageColumns, sequence: number, recordedAtUs: number): Claimant {
  return { usageIds, at: 0, customer: '', source: '', id: '', fingerprintHigh: 0, fingerprintLow: 0, sequence, row: 0, recordedAtUs };
}

/** Sets position and identity. */
export function setRow(claimant: Claimant, { dictionary, customer, source, ids }: UsageColumns, row: number): void {
  claimant.at = row * 16;
  claimant.row = row;
  claimant.customer = dictionary[customer[row]!]!;
  claimant.source = dictionary[source[row]!]!;
  claimant.id = ids[row]!;
}
