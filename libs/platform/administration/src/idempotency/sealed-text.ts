import { createCipheriv, createDecipheriv, hkdfSync, randomBytes } from 'node:crypto';

const CIPHER = 'aes-256-gcm';
const PURPOSE = 'ledgerline idempotent answer';
const [KEY_BYTES, SALT_BYTES, IV_BYTES, TAG_BYTES] = [32, 32, 12, 16];

/** What it takes to open a sealed text. */
export interface Seal {
  /** Known to the server alone, and not to its database. */
  readonly secret: string;
  /** Known to the caller alone: at most 255 bytes. */
  readonly key: string;
  /** What the text belongs to: it opens beside nothing else. */
  readonly of: string;
}

/** Seals a text so that the server without the caller's key cannot open it, nor the caller without the server. Salt, IV, tag, ciphertext. */
export function sealText(text: string, seal: Seal): Buffer {
  const [salt, iv] = [randomBytes(SALT_BYTES), randomBytes(IV_BYTES)];
  const cipher = createCipheriv(CIPHER, keyOf(seal, salt), iv).setAAD(Buffer.from(seal.of));
  const sealed = Buffer.concat([cipher.update(text, 'utf8'), cipher.final()]);
  return Buffer.concat([salt, iv, cipher.getAuthTag(), sealed]);
}

/** The text, or null when it was sealed with anything else, or was touched. */
export function openText(sealed: Buffer, seal: Seal): string | null {
  const [salt, iv, tag, text] = split(sealed, SALT_BYTES, IV_BYTES, TAG_BYTES);
  try {
    const decipher = createDecipheriv(CIPHER, keyOf(seal, salt!), iv!, { authTagLength: TAG_BYTES }).setAAD(Buffer.from(seal.of));
    decipher.setAuthTag(tag!);
    return Buffer.concat([decipher.update(text!), decipher.final()]).toString('utf8');
  } catch {
    return null;
  }
}

/** HKDF (RFC 5869): the salt is new for each text, so no key is used twice. */
function keyOf({ secret, key }: Seal, salt: Buffer): Buffer {
  return Buffer.from(hkdfSync('sha256', secret, salt, `${PURPOSE}\n${key}`, KEY_BYTES));
}

function split(bytes: Buffer, ...lengths: readonly number[]): Buffer[] {
  let from = 0;
  const parts = lengths.map((length) => bytes.subarray(from, (from += length)));
  return [...parts, bytes.subarray(from)];
}
