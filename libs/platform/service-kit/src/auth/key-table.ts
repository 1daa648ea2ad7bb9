import { hash } from 'node:crypto';
import { type KeyLimits, type Principal, type Scope } from './principal.js';

/** A row of the view `accounts.published_keys`. `hash` is the lower-case hex SHA-256 of the key's text. */
export interface PublishedKey extends KeyLimits {
  hash: string;
  keyId: string;
  customerId: string | null;
  userId: string | null;
  scopes: Scope[];
  /** milliseconds since 1970; null: it does not expire */
  expiresAtMs: number | null;
  revoked: boolean;
}

interface Entry {
  readonly principal: Principal;
  readonly expiresAtMs: number;
}

const CACHE_LIMIT = 1_024;
/** Longer than any key of ours; keeps a hostile header from being hashed at length. */
const LONGEST_KEY = 256;

/** One immutable snapshot of all keys, with the hashes of the keys lately seen. A new snapshot is a new table, so nothing stale is left. */
export class KeyTable {
  private readonly entries: ReadonlyMap<string, Entry>;
  private readonly seen = new Map<string, Entry>();

  constructor(keys: readonly PublishedKey[]) {
    this.entries = new Map(
      keys
        .filter((key) => !key.revoked)
        .map(({ hash: hashed, keyId, customerId, userId, scopes, expiresAtMs, requestsPerSecond, eventsPerSecond }) => [
          hashed,
          { principal: { kind: 'key', keyId, customerId, userId, scopes: new Set(scopes), limits: { requestsPerSecond, eventsPerSecond } }, expiresAtMs: expiresAtMs ?? Infinity },
        ]),
    );
  }

  /** Who a key belongs to; undefined for one that is unknown, revoked or expired. */
  find(key: string, nowMs: number): Principal | undefined {
    const entry = this.seen.get(key) ?? this.lookUp(key);
    return entry !== undefined && nowMs < entry.expiresAtMs ? entry.principal : undefined;
  }

  private lookUp(key: string): Entry | undefined {
    if (key.length === 0 || key.length > LONGEST_KEY) return undefined;
    const entry = this.entries.get(hashKey(key));
    if (!entry) return undefined;
    if (this.seen.size >= CACHE_LIMIT) this.seen.clear();
    this.seen.set(key, entry);
    return entry;
  }
}

/** The stored form of a key: lower-case hex SHA-256. Keys carry 190 random bits, so a slow hash would add nothing. */
export function hashKey(key: string): string {
  return hash('sha256', key, 'hex');
}
