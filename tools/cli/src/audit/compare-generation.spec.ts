import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { compareIdentities } from './compare-generation.js';
import { noSealedRows, type PartitionLedger } from './facts.js';
import { noRowHash } from './row-hash.js';
import { noSums } from './sums.js';

const ledger = (partition: number, originals: bigint): PartitionLedger => ({
  partition, pricedFrom: 1, cut: 1, sourceAfter: 0, sourceTo: 1, copies: 0, lastDigest: '', usageEvents: originals, corrections: 0n, outcomes: [],
  counted: noSums(), rows: originals, originals, rowHash: noRowHash, gone: noSealedRows(),
});
const generations = fc.array(fc.array(fc.nat({ max: 1_000_000 }), { minLength: 3, maxLength: 3 }), { minLength: 2, maxLength: 4 });

describe('identities over all generations', () => {
  it('agree when each partition has as many as were recorded in all of them; one that counts in two of them is named by its partition', () => {
    fc.assert(
      fc.property(generations, fc.nat({ max: 2 }), (recorded, shared) => {
        const ledgers = recorded.flatMap((partitions) => partitions.map((count, partition) => ledger(partition, BigInt(count))));
        const unique = new Map([0, 1, 2].map((partition) => [partition, recorded.reduce((sum, partitions) => sum + partitions[partition]!, 0)]));
        expect(compareIdentities(ledgers, unique)).toEqual([]);
        const expected = unique.get(shared)!;
        expect(compareIdentities(ledgers, new Map(unique).set(shared, expected - 1))).toEqual([
          { what: 'ClickHouse rows', where: `partition ${shared}, all generations`, field: 'unique originals', expected: `${expected}`, found: `${expected - 1}` },
        ]);
      }),
    );
  });
});
