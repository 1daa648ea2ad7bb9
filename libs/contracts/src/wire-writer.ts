/** Protobuf's wire format, written into one growing buffer. */
export class WireWriter {
  private bytes: Buffer;
  private at = 0;

  constructor(initialBytes = 65_536) {
    this.bytes = Buffer.allocUnsafe(initialBytes);
  }

  /** Empties the writer; what `finish` gave out before stays untouched. */
  reset(): void {
    this.at = 0;
  }

  /** A copy of what was written. */
  finish(): Uint8Array {
    return new Uint8Array(this.bytes.subarray(0, this.at));
  }

  uint(field: number, value: number): void {
    if (value === 0) return;
    this.reserve(20);
    this.varint(field * 8);
    this.varint(value);
  }

  text(field: number, value: string): void {
    if (value === '') return;
    const size = Buffer.byteLength(value);
    this.header(field, size);
    this.at += this.bytes.write(value, this.at);
  }

  raw(field: number, value: Uint8Array): void {
    if (value.length === 0) return;
    this.header(field, value.length);
    this.bytes.set(value, this.at);
    this.at += value.length;
  }

  /** Packed uint32: a column. */
  packed32(field: number, values: Uint32Array | Uint8Array, count: number): void {
    let size = 0;
    for (let i = 0; i < count; i++) size += size32(values[i]!);
    this.header(field, size);
    for (let i = 0; i < count; i++) this.varint32(values[i]!);
  }

  /** Packed unsigned numbers up to 2^53, each with `add` added. */
  packedNumbers(field: number, values: Float64Array, count: number, add: number): void {
    let size = 0;
    for (let i = 0; i < count; i++) size += sizeOf(values[i]! + add);
    this.header(field, size);
    for (let i = 0; i < count; i++) this.varint(values[i]! + add);
  }

  /** Packed sint64 of numbers below 2^52 in magnitude. */
  packedZigzag(field: number, values: Float64Array, count: number): void {
    let size = 0;
    for (let i = 0; i < count; i++) size += sizeOf(zigzag(values[i]!));
    this.header(field, size);
    for (let i = 0; i < count; i++) this.varint(zigzag(values[i]!));
  }

  /** Packed uint64 of big integers, each with one added. */
  packedBigPlusOne(field: number, values: BigInt64Array, count: number): void {
    let size = 0;
    for (let i = 0; i < count; i++) size += sizeOfBig(values[i]! + 1n);
    this.header(field, size);
    for (let i = 0; i < count; i++) this.varintBig(values[i]! + 1n);
  }

  /** A message within this one: `write` fills it, and its length is put in front. */
  message(field: number, write: () => void): void {
    this.reserve(16);
    this.varint(field * 8 + 2);
    const start = this.at;
    this.at += 5;
    write();
    const size = this.at - start - 5;
    const prefix = sizeOf(size);
    this.bytes.copyWithin(start + prefix, start + 5, this.at);
    const end = start + prefix + size;
    this.at = start;
    this.varint(size);
    this.at = end;
  }

  private header(field: number, size: number): void {
    this.reserve(size + 16);
    this.varint(field * 8 + 2);
    this.varint(size);
  }

  private reserve(extra: number): void {
    if (this.at + extra <= this.bytes.length) return;
    const larger = Buffer.allocUnsafe(Math.max(this.bytes.length * 2, this.at + extra));
    this.bytes.copy(larger, 0, 0, this.at);
    this.bytes = larger;
  }

  private varint32(value: number): void {
    const bytes = this.bytes;
    let rest = value;
    while (rest > 0x7f) {
      bytes[this.at++] = (rest & 0x7f) | 0x80;
      rest >>>= 7;
    }
    bytes[this.at++] = rest;
  }

  private varint(value: number): void {
    let rest = value;
    while (rest > 0xffffffff) {
      this.bytes[this.at++] = (rest % 128) | 0x80;
      rest = Math.floor(rest / 128);
    }
    this.varint32(rest);
  }

  private varintBig(value: bigint): void {
    let rest = value;
    while (rest > 0x7fn) {
      this.bytes[this.at++] = Number(rest & 0x7fn) | 0x80;
      rest >>= 7n;
    }
    this.bytes[this.at++] = Number(rest);
  }
}

const zigzag = (value: number): number => (value >= 0 ? value * 2 : -value * 2 - 1);

function size32(value: number): number {
  return value < 0x80 ? 1 : value < 0x4000 ? 2 : value < 0x200000 ? 3 : value < 0x10000000 ? 4 : 5;
}

function sizeOf(value: number): number {
  let size = 1;
  for (let rest = value; rest >= 128; rest = Math.floor(rest / 128)) size++;
  return size;
}

function sizeOfBig(value: bigint): number {
  let size = 1;
  for (let rest = value; rest > 0x7fn; rest >>= 7n) size++;
  return size;
}
