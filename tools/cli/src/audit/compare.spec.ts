import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { compareAudit } from './compare.js';
import { describeDifference } from './difference.js';
import { type AuditFacts, type PartitionLedger, type StoredPartition, type Totals } from './facts.js';
import { noQuotaNumbers, QUOTA_SUMS } from './quota-sums.js';
import { type RowHash } from './row-hash.js';
import { type LedgerSums, NAMED_SUMS, noLedgerSums, noSums, type Sums } from './sums.js';
import { describeKey, keyText } from './usage-key.js';

const amount = fc.bigInt({ min: 0n, max: 2n ** 100n });
const sums: fc.Arbitrary<LedgerSums> = fc.record({
  requestsMade: amount,
  events: amount,
  unpriced: amount,
  costPicoUsd: amount,
  quantities: fc.array(amount, { minLength: noSums().quantities.length, maxLength: noSums().quantities.length }),
});
const keys = fc.uniqueArray(fc.record({ customer: fc.string(), month: fc.constantFrom('2026-01', '2026-02'), provider: fc.string(), model: fc.string() }).map(keyText), { minLength: 1, maxLength: 4 });

/** A partition with two corrections, each of which has one row. */
const ledger = (partition: number, counted: Sums, rowHash: RowHash): PartitionLedger => ({
  partition, pricedFrom: 1, cut: 9, sourceAfter: 0, sourceTo: 17, copies: 0, lastDigest: '', usageEvents: counted.events + 5n, corrections: 2n,
  outcomes: [0n, counted.events, 0n, 2n, 3n, 0n, 0n, 2n, 0n], counted, rows: counted.events + 2n, originals: counted.events, rowHash,
});

type WholeFacts = AuditFacts & { readonly totals: Totals };

/** Facts of books that agree. */
const agreeing: fc.Arbitrary<WholeFacts> = fc.tuple(fc.array(sums, { minLength: 1, maxLength: 4 }), keys, fc.array(sums, { minLength: 4, maxLength: 4 }), amount, amount).map(([partitions, names, byKey, first, second]) => {
  const copy = (): Map<string, LedgerSums> => new Map(names.map((name, index) => [name, structuredClone(byKey[index]!)]));
  return {
    ledgers: partitions.map((counted, partition) => ledger(partition, counted, { first, second })),
    stored: new Map(partitions.map((counted, partition) => [partition, { sums: structuredClone(counted), rows: counted.events + 2n, originals: counted.events, uniqueOriginals: counted.events, rowHash: { first, second } }])),
    totals: {
      ledgerByKey: copy(),
      quotaByKey: new Map([...copy()].map(([key, ledger]) => [key, QUOTA_SUMS.map((sum) => sum.expected(ledger))])),
      summariesByKey: copy(),
    },
  };
});

/** Changes the number that NAMED_SUMS[index] reads, by `by`. */
function change(target: Sums, index: number, by: bigint): void {
  if (index === 0) target.events += by;
  else if (index === 1) target.unpriced += by;
  else if (index === 2) target.costPicoUsd += by;
  else target.quantities[index - 3]! += by;
}

describe('comparing the log with the projections', () => {
  it('finds nothing when they agree', () => {
    fc.assert(fc.property(agreeing, (facts) => expect([...compareAudit(facts)]).toEqual([])));
  });

  it('names the place and the number of any one change in the rows or the summaries, by the smallest unit', () => {
    const where = fc.constantFrom('stored' as const, 'summariesByKey' as const);
    fc.assert(
      fc.property(agreeing, where, fc.nat(), fc.nat({ max: NAMED_SUMS.length - 1 }), fc.constantFrom(1n, -1n), (facts, projection, at, field, by) => {
        const targets = projection === 'stored' ? [...facts.stored.values()].map((stored) => stored.sums) : [...facts.totals.summariesByKey.values()];
        change(targets[at % targets.length]!, field, by);
        const found = [...compareAudit(facts)];
        expect(found).toHaveLength(1);
        expect(found[0]!.what).toBe({ stored: 'ClickHouse rows', summariesByKey: 'Summaries' }[projection]);
        expect(found[0]!.field).toBe(NAMED_SUMS[field]!.name);
      }),
    );
  });

  it('names the customer and the number of any one change in the quota sums, by the smallest unit', () => {
    fc.assert(
      fc.property(agreeing, fc.nat(), fc.nat({ max: QUOTA_SUMS.length - 1 }), fc.constantFrom(1n, -1n), (facts, at, field, by) => {
        const [key, numbers] = [...facts.totals.quotaByKey][at % facts.totals.quotaByKey.size]!;
        const quotaByKey = new Map(facts.totals.quotaByKey).set(key, numbers.map((value, index) => (index === field ? value + by : value)));
        expect([...compareAudit({ ...facts, totals: { ...facts.totals, quotaByKey } })]).toMatchObject([{ what: 'Quota sums', where: describeKey(key), field: QUOTA_SUMS[field]!.name }]);
      }),
    );
  });

  it('misses no key that only one side has', () => {
    fc.assert(
      fc.property(agreeing, (facts) => {
        const key = keyText({ customer: 'nobody', month: '2026-03', provider: 'p', model: 'm' });
        const quotaByKey = new Map(facts.totals.quotaByKey).set(key, noQuotaNumbers.map((_, index) => (index === 0 ? 1n : 0n)));
        expect([...compareAudit({ ...facts, totals: { ...facts.totals, quotaByKey } })]).toMatchObject([{ field: 'event_count', expected: '0', found: '1' }]);
      }),
    );
  });

  it('sees a row swapped for another with the same numbers', () => {
    fc.assert(
      fc.property(agreeing, (facts) => {
        const stored = facts.stored.get(0)!;
        const swapped = new Map(facts.stored).set(0, { ...stored, rowHash: { ...stored.rowHash, first: stored.rowHash.first + 1n } });
        expect([...compareAudit({ ...facts, stored: swapped })].map(({ field }) => field)).toEqual(['first sum of row hashes']);
      }),
    );
  });

  it('sees an event that is there twice although its numbers add up, and a correction without its row', () => {
    fc.assert(
      fc.property(agreeing, (facts) => {
        const stored = facts.stored.get(0)!;
        const change = (changed: Partial<StoredPartition>): string[] => [...compareAudit({ ...facts, stored: new Map(facts.stored).set(0, { ...stored, ...changed }) })].map(({ field }) => field);
        expect(change({ uniqueOriginals: stored.uniqueOriginals - 1n })).toEqual(['unique originals']);
        expect(change({ rows: stored.rows - 1n })).toEqual(['row_count']);
      }),
    );
  });

  it('compares rows alone where the beginning of the log is not known', () => {
    fc.assert(
      fc.property(agreeing, ({ ledgers, stored }) => {
        expect([...compareAudit({ ledgers, stored })]).toEqual([]);
        expect([...compareAudit({ ledgers, stored: new Map() })].length).toBeGreaterThan(0);
      }),
    );
  });

  it('says a lost 1e-12 dollar in words a person can act on', () => {
    const key = keyText({ customer: 'acme', month: '2023-11', provider: 'openai', model: 'gpt-4' });
    const ledger = { ...noLedgerSums(), events: 2n, requestsMade: 2n, costPicoUsd: 75_000_000_000n };
    const quota = QUOTA_SUMS.map((sum) => sum.expected(ledger) - (sum.name === 'cost_usd' ? 1n : 0n));
    const facts = { ledgers: [], stored: new Map(), totals: { ledgerByKey: new Map([[key, ledger]]), quotaByKey: new Map([[key, quota]]), summariesByKey: new Map([[key, ledger]]) } };
    expect([...compareAudit(facts)].map(describeDifference)).toEqual(['Quota sums, customer "acme", 2023-11, openai/gpt-4: cost_usd should be 0.075 but is 0.074999999999']);
  });
});
