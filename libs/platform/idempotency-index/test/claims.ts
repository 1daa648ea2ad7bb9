import { HOUR_US } from '../src/arrival.js';
import { type Claimant, type Coverage } from '../src/idempotency-index.js';

export const STREAM = { partition: 3, streamId: '2026-01-02T03:04:05.678901234Z' };

export const covering = (pricedSequence: number): Coverage => ({ pricedSequence, sourceTo: pricedSequence * 10, checksum: 0xfeed0000 + pricedSequence });

/** What a test says of a claim; the rest follows from the identity's number. */
export interface GivenClaim {
  sequence?: number;
  row?: number;
  fingerprint?: number;
  /** hour of arrival */
  hour?: number;
  /** another identity under the same usage_id */
  customer?: string;
  source?: string;
  id?: string;
}

/** An identity made from a number: 16 spread bytes, and an id that is a UUID, a short text, or a long one in several alphabets. */
export function claimant(identity: number, { sequence = 1, row = 0, fingerprint = 7, hour = 490_000, ...texts }: GivenClaim = {}): Claimant {
  const usageIds = new Uint8Array(16);
  const view = new DataView(usageIds.buffer);
  // Some share all of the usage_id but one word, and some share the word that segments are sorted by.
  for (let i = 0; i < 4; i++) view.setUint32(i * 4, spread(i === 1 ? identity >> 1 : i === 3 ? identity : identity >> 2, i));
  return {
    usageIds,
    at: 0,
    customer: `customer-${identity % 7}`,
    source: identity % 3 === 0 ? 'batch' : 'api',
    id: idOf(identity),
    ...texts,
    fingerprintHigh: (0x8000_0000 + fingerprint) >>> 0,
    fingerprintLow: fingerprint,
    sequence,
    row,
    recordedAtUs: hour * HOUR_US + 1,
  };
}

function idOf(identity: number): string {
  const digits = identity.toString(16).padStart(12, '0');
  if (identity % 4 < 2) return `0190a1b2-c3d4-7e5f-8a6b-${digits}`;
  return identity % 4 === 2 ? `req-${identity}` : `${'длинный идентификатор '.repeat(8)}${identity}`;
}

function spread(value: number, salt: number): number {
  let x = Math.imul(value + 1, 0x9e37_79b1 + salt * 2);
  x = Math.imul(x ^ (x >>> 15), 0x85eb_ca6b);
  return (x ^ (x >>> 13)) >>> 0;
}
