import { describe, expect, it } from '@jest/globals';
import { newKeyText, shownPrefix } from './key-text.js';

describe('key text', () => {
  it('every key has the documented form and no two are alike', () => {
    const keys = Array.from({ length: 500 }, newKeyText);
    for (const key of keys) expect(key).toMatch(/^ll_[0-9A-Za-z]{8}_[0-9A-Za-z]{32}$/);
    expect(new Set(keys).size).toBe(keys.length);
  });

  it('the prefix of a key of ours is shown, nothing of one that somebody chose', () => {
    expect(shownPrefix('ll_abcdEFGH_0123456789012345678901234567890123')).toBe('ll_abcdEFGH');
    expect(shownPrefix('correct-horse')).toBe('(chosen)');
    expect(shownPrefix('ll_hunter2')).toBe('(chosen)');
  });
});
