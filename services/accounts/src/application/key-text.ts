import { randomInt } from 'node:crypto';

const ALPHABET = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';
const PREFIX_LENGTH = 8;
const SECRET_LENGTH = 32;
const OURS = new RegExp(`^ll_[0-9A-Za-z]{${PREFIX_LENGTH}}_[0-9A-Za-z]{${SECRET_LENGTH},}$`);

/** A new key, `ll_<8>_<32>` in base62: 190 random bits of secret. The prefix may be shown, the rest never again. */
export function newKeyText(): string {
  return `ll_${base62(PREFIX_LENGTH)}_${base62(SECRET_LENGTH)}`;
}

/** What a list may show of a key: its prefix when we made it, nothing of one that somebody chose. */
export function shownPrefix(key: string): string {
  return OURS.test(key) ? key.slice(0, 3 + PREFIX_LENGTH) : '(chosen)';
}

function base62(length: number): string {
  return Array.from({ length }, () => ALPHABET[randomInt(ALPHABET.length)]).join('');
}
