/**
 * SipHash-2-4 with a 128-bit result (Aumasson and Bernstein, "SipHash: a fast short-input PRF").
 *
 * Keyed, so that nobody without the deployment's key can aim at another event's identity, and several
 * times cheaper than SHA-256 on inputs of some fifty bytes. 64-bit words are kept as two 32-bit halves:
 * BigInt arithmetic would allocate on every step.
 */
export interface SipKey {
  readonly k0l: number;
  readonly k0h: number;
  readonly k1l: number;
  readonly k1h: number;
}

/** @param bytes exactly 16 bytes. @throws RangeError otherwise */
export function sipKey(bytes: Uint8Array): SipKey {
  if (bytes.length !== 16) throw new RangeError(`expected a key of 16 bytes, got ${bytes.length}`);
  const view = new DataView(bytes.buffer, bytes.byteOffset, 16);
  return {
    k0l: view.getInt32(0, true),
    k0h: view.getInt32(4, true),
    k1l: view.getInt32(8, true),
    k1h: view.getInt32(12, true),
  };
}

/** Flips the sign bit: two's complement halves then compare as the unsigned numbers they stand for. */
const SIGN = -2147483648;

/**
 * Hashes `input[0..length)` into four 32-bit words, written to `out` at `offset` in the order of the
 * reference implementation's output bytes (each word little-endian).
 *
 * One function with its state in local variables and carries found by comparing 32-bit integers: with the
 * rounds called, or with carries found in doubles, it takes twice as long. A pass of the loop absorbs one
 * word; the last two passes only finalise, with four rounds each.
 */
export function siphash128(key: SipKey, input: Uint8Array, length: number, out: Uint32Array, offset = 0): void {
  let v0l = 0x70736575 ^ key.k0l, v0h = 0x736f6d65 ^ key.k0h, v1l = 0x6e646f6d ^ key.k1l ^ 0xee, v1h = 0x646f7261 ^ key.k1h;
  let v2l = 0x6e657261 ^ key.k0l, v2h = 0x6c796765 ^ key.k0h, v3l = 0x79746573 ^ key.k1l, v3h = 0x74656462 ^ key.k1h;
  const words = (length >>> 3) + 1;
  for (let word = 0, at = 0; word < words + 2; word++, at += 8) {
    let low = 0, high = 0, rounds = 2;
    if (at + 8 <= length) {
      low = input[at]! | (input[at + 1]! << 8) | (input[at + 2]! << 16) | (input[at + 3]! << 24);
      high = input[at + 4]! | (input[at + 5]! << 8) | (input[at + 6]! << 16) | (input[at + 7]! << 24);
    } else if (word < words) {
      high = length << 24;
      for (let i = at, shift = 0; i < length; i++, shift += 8) {
        if (shift < 32) low |= input[i]! << shift;
        else high |= input[i]! << (shift - 32);
      }
    } else {
      rounds = 4;
      if (word === words) v2l ^= 0xee;
      else v1l ^= 0xdd;
    }
    v3l ^= low;
    v3h ^= high;
    for (let i = 0; i < rounds; i++) {
      let half = (v0l + v1l) | 0;
      v0h = (v0h + v1h + ((half ^ SIGN) < (v0l ^ SIGN) ? 1 : 0)) | 0;
      v0l = half;
      half = (v2l + v3l) | 0;
      v2h = (v2h + v3h + ((half ^ SIGN) < (v2l ^ SIGN) ? 1 : 0)) | 0;
      v2l = half;
      half = (v1h << 13) | (v1l >>> 19);
      v1l = ((v1l << 13) | (v1h >>> 19)) ^ v0l;
      v1h = half ^ v0h;
      half = (v3h << 16) | (v3l >>> 16);
      v3l = ((v3l << 16) | (v3h >>> 16)) ^ v2l;
      v3h = half ^ v2h;
      half = v0l;
      v0l = v0h;
      v0h = half;
      half = (v2l + v1l) | 0;
      v2h = (v2h + v1h + ((half ^ SIGN) < (v2l ^ SIGN) ? 1 : 0)) | 0;
      v2l = half;
      half = (v0l + v3l) | 0;
      v0h = (v0h + v3h + ((half ^ SIGN) < (v0l ^ SIGN) ? 1 : 0)) | 0;
      v0l = half;
      half = (v1h << 17) | (v1l >>> 15);
      v1l = ((v1l << 17) | (v1h >>> 15)) ^ v2l;
      v1h = half ^ v2h;
      half = (v3h << 21) | (v3l >>> 11);
      v3l = ((v3l << 21) | (v3h >>> 11)) ^ v0l;
      v3h = half ^ v0h;
      half = v2l;
      v2l = v2h;
      v2h = half;
    }
    v0l ^= low;
    v0h ^= high;
    if (word < words) continue;
    const place = offset + (word - words) * 2;
    out[place] = v0l ^ v1l ^ v2l ^ v3l;
    out[place + 1] = v0h ^ v1h ^ v2h ^ v3h;
  }
}
