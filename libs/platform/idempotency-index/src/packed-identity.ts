import { type Claimant } from './idempotency-index.js';

/** A longer id would not fit a page of a segment. */
export const MAX_ID_BYTES = 1_024;
const MAX_TEXT_BYTES = 8_192;

const UUID_LENGTH = 36;
/** Where the digits of a UUID stand in its text. */
const DIGITS = Uint8Array.from({ length: UUID_LENGTH }, (_, at) => at).filter((at) => ![8, 13, 18, 23].includes(at));
const HEX = new Int8Array(128).fill(-1);
for (let digit = 0; digit < 16; digit++) HEX[digit.toString(16).charCodeAt(0)] = digit;
const HYPHEN = 45;

/** Words that an id of `idBytes` takes. */
export function idWords(idBytes: number): number {
  return idBytes === 0 ? 4 : (idBytes + 3) >>> 2;
}

/**
 * An identity ready to be compared: its usage_id as four words, its id packed. An id that is a UUID in lower case becomes 16 bytes
 * (`idBytes` 0), any other its UTF-8 bytes, padded with zeros to whole words.
 */
export class PackedIdentity {
  w0 = 0;
  w1 = 0;
  w2 = 0;
  w3 = 0;
  customer = '';
  source = '';
  /** 0: a UUID in 16 bytes; else the length of the id, bytes */
  idBytes = 0;
  readonly idWords = new Uint32Array(MAX_ID_BYTES / 4);

  setUsageId(usageIds: Uint8Array, at: number): void {
    this.w0 = word(usageIds, at);
    this.w1 = word(usageIds, at + 4);
    this.w2 = word(usageIds, at + 8);
    this.w3 = word(usageIds, at + 12);
  }

  /** @throws RangeError for texts longer than an index holds (far beyond what ingest and pricing let through) */
  set({ usageIds, at, customer, source, id }: Claimant): void {
    this.setUsageId(usageIds, at);
    this.customer = customer;
    this.source = source;
    if (customer.length + source.length > MAX_TEXT_BYTES / 3) throw new RangeError('customer and source are longer than the idempotency index holds');
    if (!this.packUuid(id)) this.packText(id);
  }

  /** Whether the id at `from` is this one. */
  sameId(words: Uint32Array, from: number): boolean {
    const count = idWords(this.idBytes);
    for (let i = 0; i < count; i++) if (words[from + i] !== this.idWords[i]) return false;
    return true;
  }

  private packUuid(id: string): boolean {
    if (id.length !== UUID_LENGTH) return false;
    if (id.charCodeAt(8) !== HYPHEN || id.charCodeAt(13) !== HYPHEN || id.charCodeAt(18) !== HYPHEN || id.charCodeAt(23) !== HYPHEN) return false;
    for (let i = 0, digit = 0; i < 4; i++) {
      let packed = 0;
      for (const end = digit + 8; digit < end; digit++) {
        const value = HEX[id.charCodeAt(DIGITS[digit]!)];
        if (value === undefined || value < 0) return false;
        packed = (packed << 4) | value;
      }
      this.idWords[i] = packed;
    }
    this.idBytes = 0;
    return true;
  }

  private packText(id: string): void {
    const bytes = new Uint8Array(this.idWords.buffer);
    const { read, written } = encoder.encodeInto(id, bytes);
    if (read < id.length || written === 0) throw new RangeError(`an id of ${id.length} characters is not one that the idempotency index holds`);
    bytes.fill(0, written, (written + 3) & ~3);
    this.idBytes = written;
  }
}

const encoder = new TextEncoder();

function word(bytes: Uint8Array, at: number): number {
  return (bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24)) >>> 0;
}

if (new Uint8Array(new Uint32Array([1]).buffer)[0] !== 1) throw new Error('The idempotency index is laid out for little-endian machines');
