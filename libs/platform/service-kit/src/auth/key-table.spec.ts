import { describe, expect, it } from '@jest/globals';
import { hashKey, KeyTable } from './key-table.js';

const table = new KeyTable([
  { hash: hashKey('admin-key'), role: 'admin', keyId: 'a', revoked: false },
  { hash: hashKey('old-key'), role: 'admin', keyId: 'b', revoked: true },
]);

describe('key table', () => {
  it('a key is found by its hash, the first time and every time after', () => {
    expect(table.find('admin-key')).toEqual({ keyId: 'a', role: 'admin' });
    expect(table.find('admin-key')).toBe(table.find('admin-key'));
  });

  it.each(['old-key', 'other', '', hashKey('admin-key'), 'x'.repeat(100_000)])('no one is found for a revoked, unknown or absurd key', (key) => {
    expect(table.find(key)).toBeUndefined();
  });

  it('stays right with more keys in use than it remembers', () => {
    const keys = Array.from({ length: 3_000 }, (_, i) => `key-${i}`);
    const many = new KeyTable(keys.map((key, i) => ({ hash: hashKey(key), role: 'producer', keyId: String(i), revoked: false })));
    for (const seen of [keys, keys]) seen.forEach((key, i) => expect(many.find(key)?.keyId).toBe(String(i)));
  });

  it('the hash is the SHA-256 that any tool computes', () => {
    expect(hashKey('abc')).toBe('ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad');
  });
});
