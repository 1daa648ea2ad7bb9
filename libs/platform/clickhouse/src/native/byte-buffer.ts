import { endianness } from 'node:os';

if (endianness() !== 'LE') throw new Error('the Native block writer copies typed arrays as they lie in memory and needs a little-endian machine');

/** Bytes under construction: grows by doubling, hands out the written part once. */
export class ByteBuffer {
  private bytes: Buffer;
  private length = 0;

  /** @param capacity first size in bytes; a good guess saves copies, a bad one costs nothing but them */
  constructor(capacity = 1 << 16) {
    this.bytes = Buffer.allocUnsafe(Math.max(capacity, 64));
  }

  /** Bytes written so far. */
  get size(): number {
    return this.length;
  }

  private reserve(count: number): void {
    if (this.length + count <= this.bytes.length) return;
    const grown = Buffer.allocUnsafe(Math.max(this.bytes.length * 2, this.length + count));
    this.bytes.copy(grown, 0, 0, this.length);
    this.bytes = grown;
  }

  /** Unsigned LEB128, as Native writes counts and lengths. Exact to 2^53. */
  varint(value: number): void {
    this.reserve(10);
    let rest = value;
    while (rest >= 0x80) {
      this.bytes[this.length++] = (rest % 0x80) | 0x80;
      rest = Math.floor(rest / 0x80);
    }
    this.bytes[this.length++] = rest;
  }

  /** A length in bytes, then the UTF-8 text. Short ASCII, the common case, skips the encoder. */
  text(value: string): void {
    const chars = value.length;
    this.reserve(chars * 3 + 10);
    if (chars < 0x80) {
      const start = this.length;
      const bytes = this.bytes;
      bytes[start] = chars;
      if (chars < 40) {
        let at = start + 1;
        let i = 0;
        for (; i < chars; i++) {
          const code = value.charCodeAt(i);
          if (code > 0x7f) break;
          bytes[at++] = code;
        }
        if (i === chars) {
          this.length = at;
          return;
        }
      } else {
        const written = bytes.write(value, start + 1, 'utf8');
        if (written === chars) {
          this.length = start + 1 + written;
          return;
        }
      }
    }
    this.varint(Buffer.byteLength(value));
    this.length += this.bytes.write(value, this.length, 'utf8');
  }

  /** The bytes of any view, as they are. */
  raw(view: ArrayBufferView): void {
    this.reserve(view.byteLength);
    this.bytes.set(new Uint8Array(view.buffer, view.byteOffset, view.byteLength), this.length);
    this.length += view.byteLength;
  }

  /** A UInt64 below 2^53, little-endian. */
  uint64(value: number): void {
    this.reserve(8);
    this.bytes.writeUInt32LE(value % 0x1_0000_0000, this.length);
    this.bytes.writeUInt32LE(Math.floor(value / 0x1_0000_0000), this.length + 4);
    this.length += 8;
  }

  /** What was written, without a copy. The buffer is not written to again after this. */
  take(): Buffer {
    return this.bytes.subarray(0, this.length);
  }
}
