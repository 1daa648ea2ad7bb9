const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;

/** Writes the 16 bytes at `offset` as a UUID. */
export function usageIdText(bytes: Uint8Array, offset = 0): string {
  const hex = Buffer.from(bytes.buffer, bytes.byteOffset + offset, 16).toString('hex');
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`;
}

/** The 16 bytes of a usage_id, or null when the text is no UUID. */
export function usageIdBytes(text: string): Uint8Array | null {
  return UUID.test(text) ? new Uint8Array(Buffer.from(text.replaceAll('-', ''), 'hex')) : null;
}

/** The partition that a usage_id belongs to: its first four bytes, big-endian, modulo the number of partitions. */
export function partitionOf(usageIds: Uint8Array, offset: number, partitions: number): number {
  const head =
    ((usageIds[offset]! << 24) | (usageIds[offset + 1]! << 16) | (usageIds[offset + 2]! << 8) | usageIds[offset + 3]!) >>> 0;
  return head % partitions;
}
