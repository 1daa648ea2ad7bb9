import { siphash128, type SipKey } from '@ledgerline/kernel';
import { HashInput } from './hash-input.js';

/** The columns of a batch that a fingerprint covers (the shape of a decoded usage envelope). */
export interface FingerprintColumns {
  readonly count: number;
  readonly dictionary: readonly string[];
  readonly customer: Uint32Array;
  readonly provider: Uint32Array;
  readonly model: Uint32Array;
  readonly operation: Uint32Array;
  readonly clientCost: Uint32Array;
  readonly quantities: readonly { readonly quantity: number; readonly values: Float64Array | BigInt64Array }[];
}

const TEXT_TAG = 2;
const ROW_TAG = 3;
const input = new HashInput();
const words = new Uint32Array(4);

/**
 * Fingerprints of a batch: 64 bits a row over what its sender said of customer, provider, model, operation,
 * quantities and own cost. Two events of one identity with different fingerprints contradict each other.
 *
 * Each text is hashed once a batch, and a row hashes the results: the fingerprint of an event does not
 * depend on the batch it travels in.
 *
 * @returns two 32-bit words a row
 */
export function fingerprints(key: SipKey, columns: FingerprintColumns): Uint32Array {
  const { count, dictionary } = columns;
  const texts = new Uint32Array(dictionary.length * 2);
  const known = new Uint8Array(dictionary.length);
  const out = new Uint32Array(count * 2);
  const quantities = [...columns.quantities].sort((a, b) => a.quantity - b.quantity);

  const text = (index: number): void => {
    if (known[index] === 0) {
      known[index] = 1;
      input.begin(TEXT_TAG);
      input.text(dictionary[index]!);
      siphash128(key, input.bytes, input.length, words);
      texts[index * 2] = words[0]!;
      texts[index * 2 + 1] = words[1]!;
    }
  };
  for (const column of [columns.customer, columns.provider, columns.model, columns.operation, columns.clientCost]) {
    for (let i = 0; i < count; i++) text(column[i]!);
  }

  for (let i = 0; i < count; i++) {
    input.begin(ROW_TAG);
    for (const index of [columns.customer[i]!, columns.provider[i]!, columns.model[i]!, columns.operation[i]!, columns.clientCost[i]!]) {
      input.word(texts[index * 2]!);
      input.word(texts[index * 2 + 1]!);
    }
    for (const { quantity, values } of quantities) {
      const value = values[i]!;
      if (value === -1 || value === -1n) continue;
      input.word(quantity);
      if (typeof value === 'number') {
        input.word(value % 0x1_0000_0000);
        input.word(Math.floor(value / 0x1_0000_0000));
      } else {
        input.word(Number(BigInt.asIntN(32, value)));
        input.word(Number(BigInt.asIntN(32, value >> 32n)));
      }
    }
    siphash128(key, input.bytes, input.length, words);
    out[i * 2] = words[0]!;
    out[i * 2 + 1] = words[1]!;
  }
  return out;
}
