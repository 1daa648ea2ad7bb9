import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { isConnectionError } from './connect-retry.js';
import { parseInt8 } from './pool.js';

describe('what comes out of Postgres', () => {
  it('an int8 keeps its exact value over its whole range', () => {
    fc.assert(fc.property(fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }), (value) => BigInt(parseInt8(value.toString())) === value));
    expect(parseInt8('9007199254740991')).toBe(Number.MAX_SAFE_INTEGER);
    expect(parseInt8('9007199254740993')).toBe(9007199254740993n);
  });

  it('a server that is away is told from a statement that is wrong', () => {
    expect(isConnectionError(Object.assign(new Error('connect'), { code: 'ECONNREFUSED' }))).toBe(true);
    expect(isConnectionError(new Error('outer', { cause: Object.assign(new Error('shutting down'), { code: '57P01' }) }))).toBe(true);
    expect(isConnectionError(Object.assign(new Error('syntax'), { code: '42601' }))).toBe(false);
    expect(isConnectionError('text')).toBe(false);
  });
});
