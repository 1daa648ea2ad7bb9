import { usageIdKey, writeUsageId } from '@ledgerline/domain-metering';
import { type Claimant } from '@ledgerline/idempotency-index';

const KEY = usageIdKey('000102030405060708090a0b0c0d0e0f');
const CUSTOMERS = 1_000;
const SOURCES = ['api', 'batch'];
const EVENTS_A_MESSAGE = 256;
const DIGITS = Buffer.from('0123456789abcdef');
/** Where the hexadecimal digits of a UUID stand, eight for each of four words. */
const PLACES = Array.from({ length: 36 }, (_, at) => at).filter((at) => ![8, 13, 18, 23].includes(at));

/** Events whose everything follows from their number: ids that are UUIDs as text, customers at random, usage_ids as the services make them. */
export class IdentityTraffic {
  private readonly customers = Array.from({ length: CUSTOMERS }, (_, i) => `customer-${String(i).padStart(4, '0')}`);
  private readonly text = Buffer.from('00000000-0000-0000-0000-000000000000');
  readonly claimant: Claimant = {
    usageIds: new Uint8Array(16),
    at: 0,
    customer: '',
    source: '',
    id: '',
    fingerprintHigh: 0,
    fingerprintLow: 0,
    sequence: 1,
    row: 0,
    recordedAtUs: 0,
  };

  /**
   * Makes `claimant` the event of that number, at the given place among all events.
   *
   * @param hashed whether its usage_id is computed, which is most of the work
   */
  set(number: number, place: number, recordedAtUs: number, hashed = true): Claimant {
    const { claimant, text } = this;
    for (let word = 0; word < 4; word++) {
      let bits = mixed(number, word);
      for (let digit = 7; digit >= 0; digit--, bits >>>= 4) text[PLACES[word * 8 + digit]!] = DIGITS[bits & 15]!;
    }
    const other = mixed(number, 4);
    claimant.id = text.toString('latin1');
    claimant.customer = this.customers[other % CUSTOMERS]!;
    claimant.source = SOURCES[(other >>> 16) & 1]!;
    claimant.fingerprintHigh = other;
    claimant.fingerprintLow = number;
    claimant.sequence = Math.floor(place / EVENTS_A_MESSAGE) + 1;
    claimant.row = place % EVENTS_A_MESSAGE;
    claimant.recordedAtUs = recordedAtUs;
    if (hashed) writeUsageId(KEY, claimant.customer, claimant.source, claimant.id, claimant.usageIds);
    return claimant;
  }
}

/** 32 bits that look random, the same for the same numbers (the finaliser of MurmurHash3). */
export function mixed(number: number, salt: number): number {
  let x = Math.imul(number, 0x9e37_79b1) ^ Math.imul(salt + 1, 0x85eb_ca6b);
  x = Math.imul(x ^ (x >>> 16), 0x85eb_ca6b);
  x = Math.imul(x ^ (x >>> 13), 0xc2b2_ae35);
  return (x ^ (x >>> 16)) >>> 0;
}
