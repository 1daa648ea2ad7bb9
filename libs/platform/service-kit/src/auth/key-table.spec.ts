import { describe, expect, it } from '@jest/globals';
import { hashKey, KeyTable, type PublishedKey } from './key-table.js';

const NOW = 1_000;
const published = (text: string, rest: Partial<PublishedKey> = {}): PublishedKey => ({ hash: hashKey(text), keyId: text, customerId: null, userId: null, scopes: ['read'], expiresAtMs: null, requestsPerSecond: null, eventsPerSecond: null, revoked: false, ...rest });

const table = new KeyTable([
  published('admin-key', { scopes: ['ingest', 'read', 'admin'] }),
  published('old-key', { revoked: true }),
  published('brief-key', { expiresAtMs: NOW + 1, customerId: 'acme' }),
]);

describe('key table', () => {
  it('a key is found by its hash, the first time and every time after', () => {
    expect(table.find('admin-key', NOW)).toEqual({ kind: 'key', keyId: 'admin-key', customerId: null, userId: null, scopes: new Set(['ingest', 'read', 'admin']), limits: { requestsPerSecond: null, eventsPerSecond: null } });
    expect(table.find('admin-key', NOW)).toBe(table.find('admin-key', NOW));
  });

  it('a key opens until the moment it expires, though it was seen before', () => {
    expect(table.find('brief-key', NOW)).toMatchObject({ customerId: 'acme' });
    expect(table.find('brief-key', NOW + 1)).toBeUndefined();
  });

  it.each(['old-key', 'other', '', hashKey('admin-key'), 'x'.repeat(100_000)])('no one is found for a revoked, unknown or absurd key', (key) => {
    expect(table.find(key, NOW)).toBeUndefined();
  });

  it('stays right with more keys in use than it remembers', () => {
    const keys = Array.from({ length: 3_000 }, (_, i) => `key-${i}`);
    const many = new KeyTable(keys.map((key, i) => published(key, { keyId: String(i) })));
    for (const seen of [keys, keys]) seen.forEach((key, i) => expect(many.find(key, NOW)?.keyId).toBe(String(i)));
  });

  it('the hash is the SHA-256 that any tool computes', () => {
    expect(hashKey('abc')).toBe('ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad');
  });
});
