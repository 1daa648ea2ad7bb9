const encoder = new TextEncoder();

/** Bytes to hash, laid out so that no two different inputs look alike: every text has its length in front. */
export class HashInput {
  bytes = new Uint8Array(4_096);
  length = 0;

  /** Starts over. @param tag keeps the uses of one key apart */
  begin(tag: number): void {
    this.bytes[0] = tag;
    this.length = 1;
  }

  /** A text as its UTF-8 length (32 bits, little-endian) and its UTF-8 bytes. */
  text(value: string): void {
    this.reserve(value.length * 3 + 4);
    const start = this.length + 4;
    const { bytes } = this;
    let at = start;
    for (let i = 0; i < value.length; i++) {
      const code = value.charCodeAt(i);
      if (code > 127) {
        at = start + encoder.encodeInto(value, bytes.subarray(start)).written;
        break;
      }
      bytes[at++] = code;
    }
    this.word(at - start);
    this.length = at;
  }

  /** A 32-bit word, little-endian. */
  word(value: number): void {
    const { bytes, length } = this;
    bytes[length] = value;
    bytes[length + 1] = value >>> 8;
    bytes[length + 2] = value >>> 16;
    bytes[length + 3] = value >>> 24;
    this.length += 4;
  }

  private reserve(extra: number): void {
    if (this.length + extra <= this.bytes.length) return;
    const larger = new Uint8Array((this.length + extra) * 2);
    larger.set(this.bytes);
    this.bytes = larger;
  }
}
