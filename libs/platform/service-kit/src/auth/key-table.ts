import { hash } from 'node:crypto';
import { type Principal, type Role } from './principal.js';

/** A row of the view `accounts.published_keys`. `hash` is the lower-case hex SHA-256 of the key's text. */
export interface PublishedKey {
  hash: string;
  role: Role;
  keyId: string;
  revoked: boolean;
}

const CACHE_LIMIT = 1_024;
/** Longer than any key of ours; keeps a hostile header from being hashed at length. */
const LONGEST_KEY = 256;

/** One immutable snapshot of all keys, with the hashes of the keys lately seen. A new snapshot is a new table, so nothing stale is left. */
export class KeyTable {
  private readonly principals: ReadonlyMap<string, Principal>;
  private readonly seen = new Map<string, Principal>();

  constructor(keys: readonly PublishedKey[]) {
    this.principals = new Map(
      keys.filter((key) => !key.revoked).map((key) => [key.hash, { keyId: key.keyId, role: key.role }]),
    );
  }

  /** Who a key belongs to; undefined for one that is unknown or revoked. */
  find(key: string): Principal | undefined {
    const cached = this.seen.get(key);
    if (cached) return cached;
    if (key.length === 0 || key.length > LONGEST_KEY) return undefined;
    const principal = this.principals.get(hashKey(key));
    if (!principal) return undefined;
    if (this.seen.size >= CACHE_LIMIT) this.seen.clear();
    this.seen.set(key, principal);
    return principal;
  }
}

/** The stored form of a key: lower-case hex SHA-256. Keys carry 190 random bits, so a slow hash would add nothing. */
export function hashKey(key: string): string {
  return hash('sha256', key, 'hex');
}
