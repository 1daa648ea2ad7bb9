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

/** The state v0..v3 as low and high halves; one per module, as the function never yields. */
const v = new Int32Array(8);

function rounds(times: number): void {
  let v0l = v[0]!, v0h = v[1]!, v1l = v[2]!, v1h = v[3]!;
  let v2l = v[4]!, v2h = v[5]!, v3l = v[6]!, v3h = v[7]!;
  for (let i = 0; i < times; i++) {
    let low = (v0l >>> 0) + (v1l >>> 0);
    v0h = (v0h + v1h + (low > 0xffffffff ? 1 : 0)) | 0;
    v0l = low | 0;
    low = (v2l >>> 0) + (v3l >>> 0);
    v2h = (v2h + v3h + (low > 0xffffffff ? 1 : 0)) | 0;
    v2l = low | 0;
    let high = (v1h << 13) | (v1l >>> 19);
    v1l = ((v1l << 13) | (v1h >>> 19)) ^ v0l;
    v1h = high ^ v0h;
    high = (v3h << 16) | (v3l >>> 16);
    v3l = ((v3l << 16) | (v3h >>> 16)) ^ v2l;
    v3h = high ^ v2h;
    const swap = v0l;
    v0l = v0h;
    v0h = swap;
    low = (v2l >>> 0) + (v1l >>> 0);
    v2h = (v2h + v1h + (low > 0xffffffff ? 1 : 0)) | 0;
    v2l = low | 0;
    low = (v0l >>> 0) + (v3l >>> 0);
    v0h = (v0h + v3h + (low > 0xffffffff ? 1 : 0)) | 0;
    v0l = low | 0;
    high = (v1h << 17) | (v1l >>> 15);
    v1l = ((v1l << 17) | (v1h >>> 15)) ^ v2l;
    v1h = high ^ v2h;
    high = (v3h << 21) | (v3l >>> 11);
    v3l = ((v3l << 21) | (v3h >>> 11)) ^ v0l;
    v3h = high ^ v0h;
    const swap2 = v2l;
    v2l = v2h;
    v2h = swap2;
  }
  v[0] = v0l; v[1] = v0h; v[2] = v1l; v[3] = v1h;
  v[4] = v2l; v[5] = v2h; v[6] = v3l; v[7] = v3h;
}

/**
 * Hashes `input[0..length)` into four 32-bit words, written to `out` at `offset` in the order of the
 * reference implementation's output bytes (each word little-endian).
 */
export function siphash128(key: SipKey, input: Uint8Array, length: number, out: Uint32Array, offset = 0): void {
  v[0] = 0x70736575 ^ key.k0l; v[1] = 0x736f6d65 ^ key.k0h;
  v[2] = 0x6e646f6d ^ key.k1l ^ 0xee; v[3] = 0x646f7261 ^ key.k1h;
  v[4] = 0x6e657261 ^ key.k0l; v[5] = 0x6c796765 ^ key.k0h;
  v[6] = 0x79746573 ^ key.k1l; v[7] = 0x74656462 ^ key.k1h;
  const whole = length & ~7;
  for (let i = 0; i < whole; i += 8) {
    const low = input[i]! | (input[i + 1]! << 8) | (input[i + 2]! << 16) | (input[i + 3]! << 24);
    const high = input[i + 4]! | (input[i + 5]! << 8) | (input[i + 6]! << 16) | (input[i + 7]! << 24);
    v[6]! ^= low;
    v[7]! ^= high;
    rounds(2);
    v[0]! ^= low;
    v[1]! ^= high;
  }
  let low = 0;
  let high = (length & 0xff) << 24;
  for (let i = whole, shift = 0; i < length; i++, shift += 8) {
    if (shift < 32) low |= input[i]! << shift;
    else high |= input[i]! << (shift - 32);
  }
  v[6]! ^= low;
  v[7]! ^= high;
  rounds(2);
  v[0]! ^= low;
  v[1]! ^= high;
  v[4]! ^= 0xee;
  rounds(4);
  out[offset] = v[0]! ^ v[2]! ^ v[4]! ^ v[6]!;
  out[offset + 1] = v[1]! ^ v[3]! ^ v[5]! ^ v[7]!;
  v[2]! ^= 0xdd;
  rounds(4);
  out[offset + 2] = v[0]! ^ v[2]! ^ v[4]! ^ v[6]!;
  out[offset + 3] = v[1]! ^ v[3]! ^ v[5]! ^ v[7]!;
}
