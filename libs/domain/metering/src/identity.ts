import { sipKey, siphash128, type SipKey } from '@ledgerline/kernel';
import { HashInput } from './hash-input.js';

const IDENTITY_TAG = 1;
const input = new HashInput();
const words = new Uint32Array(4);
const wordBytes = new Uint8Array(words.buffer);

/** @param hex the deployment's USAGE_ID_KEY: 32 hexadecimal digits. @throws RangeError otherwise */
export function usageIdKey(hex: string): SipKey {
  if (!/^[0-9a-f]{32}$/i.test(hex)) throw new RangeError('expected 32 hexadecimal digits');
  return sipKey(Uint8Array.from({ length: 16 }, (_, i) => Number.parseInt(hex.slice(i * 2, i * 2 + 2), 16)));
}

/**
 * The usage_id of an event: a keyed hash of its identity (customer, source, id), 16 bytes.
 *
 * Neither time nor key is part of it: a retry with a new timestamp or after a key rotation is the same
 * event. Written to `out` at `offset`.
 */
export function writeUsageId(key: SipKey, customer: string, source: string, id: string, out: Uint8Array, offset = 0): void {
  input.begin(IDENTITY_TAG);
  input.text(customer);
  input.text(source);
  input.text(id);
  siphash128(key, input.bytes, input.length, words);
  out.set(wordBytes, offset);
}
