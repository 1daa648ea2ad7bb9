const MASK = 0xffff_ffff_ffff_ffffn;

/** Reads a little-endian two's complement 128-bit integer. */
export function readInt128(bytes: Uint8Array, offset: number): bigint {
  const view = new DataView(bytes.buffer, bytes.byteOffset + offset, 16);
  return (view.getBigInt64(8, true) << 64n) | view.getBigUint64(0, true);
}

/** Writes a little-endian two's complement 128-bit integer. */
export function writeInt128(bytes: Uint8Array, offset: number, value: bigint): void {
  const view = new DataView(bytes.buffer, bytes.byteOffset + offset, 16);
  view.setBigUint64(0, value & MASK, true);
  view.setBigInt64(8, value >> 64n, true);
}
