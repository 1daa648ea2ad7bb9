import { isUtf8 } from 'node:buffer';

/** Bytes that are no readable envelope. `reason` says what was expected and where. */
export class EnvelopeError extends Error {
  constructor(readonly reason: string) {
    super(reason);
    this.name = 'EnvelopeError';
  }
}

/** Protobuf's wire format, read with every length checked: the bytes may come from anybody. */
export class WireReader {
  private readonly bytes: Buffer;
  private at = 0;
  /** Wire type of the field that `next` found. */
  private wireType = 0;

  constructor(bytes: Uint8Array) {
    this.bytes = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  /** Number of the next field, or 0 at the end. */
  next(): number {
    if (this.at >= this.bytes.length) return 0;
    const tag = this.varint();
    this.wireType = tag & 7;
    const field = Math.floor(tag / 8);
    if (field === 0) throw new EnvelopeError('field number 0');
    return field;
  }

  /** Passes over a field that this version does not know. */
  skip(): void {
    if (this.wireType === 0) this.varintAny();
    else if (this.wireType === 1) this.take(8);
    else if (this.wireType === 2) this.take(this.varint());
    else if (this.wireType === 5) this.take(4);
    else throw new EnvelopeError(`wire type ${this.wireType} at byte ${this.at}`);
  }

  /** An unsigned number up to 2^53-1. */
  uint(): number {
    this.expect(0);
    return this.varint();
  }

  /** The bytes of a length-delimited field: a view, not a copy. */
  raw(): Buffer {
    this.expect(2);
    return this.take(this.varint());
  }

  text(): string {
    return utf8(this.raw());
  }

  private expect(wireType: number): void {
    if (this.wireType !== wireType) throw new EnvelopeError(`wire type ${this.wireType} where ${wireType} was expected`);
  }

  private take(size: number): Buffer {
    if (size > this.bytes.length - this.at) throw new EnvelopeError('a field runs past the end');
    const part = this.bytes.subarray(this.at, this.at + size);
    this.at += size;
    return part;
  }

  private varint(): number {
    const [value, at] = readVarint(this.bytes, this.at);
    this.at = at;
    return value;
  }

  private varintAny(): void {
    for (let i = 0; i < 10; i++) {
      if (this.at >= this.bytes.length) throw new EnvelopeError('a number runs past the end');
      if (this.bytes[this.at++]! < 0x80) return;
    }
    throw new EnvelopeError('a number is longer than ten bytes');
  }
}

/** Decodes UTF-8 that must be valid. */
export function utf8(bytes: Buffer): string {
  if (!isUtf8(bytes)) throw new EnvelopeError('text that is not UTF-8');
  return bytes.toString('utf8');
}

/** A number of up to 2^53 and the offset behind it. */
export function readVarint(bytes: Uint8Array, offset: number): [number, number] {
  let at = offset;
  let value = 0;
  let factor = 1;
  for (let i = 0; i < 8; i++) {
    if (at >= bytes.length) throw new EnvelopeError('a number runs past the end');
    const byte = bytes[at++]!;
    // 2^53 itself is exact; one more would round down to it unnoticed.
    if (i === 7 && (byte > 16 || (byte === 16 && value > 0))) break;
    value += (byte & 0x7f) * factor;
    if (byte < 0x80) return [value, at];
    factor *= 128;
  }
  throw new EnvelopeError('a number past 2^53');
}

/** Unpacks uint32 values; more than `limit` of them is an error. */
export function packed32(bytes: Buffer, limit: number): Uint32Array {
  const values = new Uint32Array(Math.min(limit, bytes.length));
  let count = 0;
  let at = 0;
  const end = bytes.length;
  while (at < end) {
    let byte = bytes[at++]!;
    let value = byte & 0x7f;
    for (let shift = 7; byte >= 0x80; shift += 7) {
      if (at >= end || shift > 28) throw new EnvelopeError('a column ends within a number');
      byte = bytes[at++]!;
      value |= (byte & 0x7f) << shift;
    }
    if (count >= values.length) throw new EnvelopeError(`a column has more than ${limit} entries`);
    values[count++] = value;
  }
  return count === values.length ? values : values.subarray(0, count);
}

/** Unpacks unsigned numbers up to 2^53-1, each with `add` added. */
export function packedNumbers(bytes: Buffer, limit: number, add: number): Float64Array {
  const values = new Float64Array(Math.min(limit, bytes.length));
  let count = 0;
  let at = 0;
  while (at < bytes.length) {
    if (count >= values.length) throw new EnvelopeError(`a column has more than ${limit} entries`);
    const byte = bytes[at]!;
    if (byte < 0x80) {
      values[count++] = byte + add;
      at++;
    } else {
      const read = readVarint(bytes, at);
      values[count++] = read[0] + add;
      at = read[1];
    }
  }
  return count === values.length ? values : values.subarray(0, count);
}

/** Unpacks sint64 values of less than 2^52 in magnitude. */
export function packedZigzag(bytes: Buffer, limit: number): Float64Array {
  const values = packedNumbers(bytes, limit, 0);
  for (let i = 0; i < values.length; i++) {
    const value = values[i]!;
    values[i] = value % 2 === 0 ? value / 2 : -(value + 1) / 2;
  }
  return values;
}

/** Unpacks uint64 values less one into signed 64-bit integers. */
export function packedBigMinusOne(bytes: Buffer, limit: number): BigInt64Array {
  const values = new BigInt64Array(Math.min(limit, bytes.length));
  let count = 0;
  let at = 0;
  while (at < bytes.length) {
    if (count >= values.length) throw new EnvelopeError(`a column has more than ${limit} entries`);
    let value = 0n;
    let shift = 0n;
    for (;;) {
      if (at >= bytes.length || shift > 63n) throw new EnvelopeError('a column ends within a number');
      const byte = bytes[at++]!;
      value |= BigInt(byte & 0x7f) << shift;
      if (byte < 0x80) break;
      shift += 7n;
    }
    if (value > 0x7fff_ffff_ffff_ffffn) throw new EnvelopeError('an amount past 2^63');
    values[count++] = value - 1n;
  }
  return count === values.length ? values : values.subarray(0, count);
}
