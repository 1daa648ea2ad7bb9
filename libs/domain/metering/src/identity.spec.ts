import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { fingerprints, type FingerprintColumns } from './fingerprint.js';
import { usageIdKey, writeUsageId } from './identity.js';

const key = usageIdKey('000102030405060708090a0b0c0d0e0f');

function usageId(customer: string, source: string, id: string): string {
  const out = new Uint8Array(16);
  writeUsageId(key, customer, source, id, out);
  return [...out].join(',');
}

describe('a usage_id', () => {
  it('differs whenever customer, source or id differs, wherever the boundary between them lies', () => {
    const part = fc.string({ unit: 'grapheme', maxLength: 20 });
    fc.assert(
      fc.property(fc.tuple(part, part, part), fc.tuple(part, part, part), (a, b) => {
        const same = a[0] === b[0] && a[1] === b[1] && a[2] === b[2];
        return (usageId(...a) === usageId(...b)) === same;
      }),
    );
    expect(usageId('ab', 'c', 'd')).not.toBe(usageId('a', 'bc', 'd'));
  });

  it('takes a key of 32 hexadecimal digits and nothing else', () => {
    expect(() => usageIdKey('abc')).toThrow('32 hexadecimal digits');
  });
});

interface Row {
  customer: string;
  provider: string;
  model: string;
  operation: string;
  clientCost: string;
  tokens: number;
  nanos: bigint;
}
const row: fc.Arbitrary<Row> = fc.record({
  customer: fc.constantFrom('c1', 'c2', 'ü'),
  provider: fc.constantFrom('openai', 'anthropic'),
  model: fc.constantFrom('gpt-4', 'gpt-4o'),
  operation: fc.constantFrom('', 'chat'),
  clientCost: fc.constantFrom('', '0.1'),
  tokens: fc.oneof(fc.constant(-1), fc.maxSafeNat()),
  nanos: fc.oneof(fc.constant(-1n), fc.bigInt({ min: 0n, max: 9_000_000_000_000_000_000n })),
});

/** @param texts what stands in the dictionary before the rows' own texts: a different batch */
function columnsOf(rows: readonly Row[], texts: readonly string[]): FingerprintColumns {
  const dictionary = ['', ...texts];
  const column = (name: keyof Row): Uint32Array =>
    Uint32Array.from(rows, (one) => {
      const known = dictionary.indexOf(one[name] as string);
      return known >= 0 ? known : dictionary.push(one[name] as string) - 1;
    });
  return {
    count: rows.length,
    customer: column('customer'),
    provider: column('provider'),
    model: column('model'),
    operation: column('operation'),
    clientCost: column('clientCost'),
    dictionary,
    quantities: [
      { quantity: 11, values: BigInt64Array.from(rows, (one) => one.nanos) },
      { quantity: 0, values: Float64Array.from(rows, (one) => one.tokens) },
    ],
  };
}

const hashes = (rows: readonly Row[], texts: readonly string[] = []): string[] => {
  const words = fingerprints(key, columnsOf(rows, texts));
  return rows.map((_, i) => `${words[i * 2]},${words[i * 2 + 1]}`);
};

describe('a fingerprint', () => {
  it('is the same whatever batch the event travels in', () => {
    fc.assert(
      fc.property(fc.array(row, { minLength: 1, maxLength: 12 }), (rows) => {
        expect(rows.flatMap((one) => hashes([one], ['x', 'gpt-4']))).toEqual(hashes(rows));
      }),
    );
  });

  it('tells apart any two events that differ in what it covers', () => {
    fc.assert(
      fc.property(row, row, (a, b) => {
        const text = (one: Row): string => JSON.stringify({ ...one, nanos: String(one.nanos) });
        expect(hashes([a])[0] === hashes([b])[0]).toBe(text(a) === text(b));
      }),
    );
  });
});
