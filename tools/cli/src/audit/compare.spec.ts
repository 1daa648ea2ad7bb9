import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { compareAudit } from './compare.js';
import { describeDifference } from './difference.js';
import { type AuditFacts } from './facts.js';
import { NAMED_SUMS, noSums, type Sums } from './sums.js';
import { keyText } from './usage-key.js';

const amount = fc.bigInt({ min: 0n, max: 2n ** 100n });
const sums: fc.Arbitrary<Sums> = fc.record({
  events: amount,
  unpriced: amount,
  costPicoUsd: amount,
  quantities: fc.array(amount, { minLength: noSums().quantities.length, maxLength: noSums().quantities.length }),
});
const keys = fc.uniqueArray(fc.record({ customer: fc.string(), month: fc.constantFrom('2026-01', '2026-02'), provider: fc.string(), model: fc.string() }).map(keyText), { minLength: 1, maxLength: 4 });

/** Facts of books that agree. */
const agreeing: fc.Arbitrary<AuditFacts> = fc.tuple(fc.array(sums, { minLength: 1, maxLength: 4 }), keys, fc.array(sums, { minLength: 4, maxLength: 4 }), amount, amount).map(([partitions, names, byKey, high, low]) => {
  const copy = (): Map<string, Sums> => new Map(names.map((name, index) => [name, structuredClone(byKey[index]!)]));
  return {
    ledgers: partitions.map((counted, partition) => ({ partition, cut: 9, sourceTo: 17, usageEvents: counted.events + 5n, outcomes: [0n, counted.events, 0n, 2n, 3n, 0n, 0n], counted, idHash: { high, low } })),
    stored: new Map(partitions.map((counted, partition) => [partition, { sums: structuredClone(counted), idHash: { high, low }, uniqueIds: counted.events }])),
    ledgerByKey: copy(),
    quotaByKey: copy(),
    summariesByKey: copy(),
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

  it('names the place and the number of any one change, by the smallest unit, in any projection', () => {
    const where = fc.constantFrom('stored', 'quotaByKey', 'summariesByKey');
    fc.assert(
      fc.property(agreeing, where, fc.nat(), fc.nat({ max: NAMED_SUMS.length - 1 }), fc.constantFrom(1n, -1n), (facts, projection, at, field, by) => {
        const entries = [...(facts[projection as 'stored' | 'quotaByKey'] as Map<unknown, unknown>).values()];
        const entry = entries[at % entries.length] as Sums & { sums?: Sums };
        change(entry.sums ?? entry, field, by);
        const found = [...compareAudit(facts)];
        expect(found).toHaveLength(1);
        expect(found[0]!.what).toBe({ stored: 'ClickHouse rows', quotaByKey: 'Quota sums', summariesByKey: 'Summaries' }[projection]);
        expect(found[0]!.field).toBe(NAMED_SUMS[field]!.name);
      }),
    );
  });

  it('sees a row swapped for another with the same numbers', () => {
    fc.assert(
      fc.property(agreeing, (facts) => {
        const stored = facts.stored.get(0)!;
        const swapped = new Map(facts.stored).set(0, { ...stored, idHash: { high: stored.idHash.high + 1n, low: stored.idHash.low } });
        expect([...compareAudit({ ...facts, stored: swapped })].map(({ field }) => field)).toEqual(['sum of usage_id high halves']);
      }),
    );
  });

  it('says a lost 1e-12 dollar in words a person can act on', () => {
    const key = keyText({ customer: 'acme', month: '2023-11', provider: 'openai', model: 'gpt-4' });
    const ledger = { ...noSums(), events: 2n, costPicoUsd: 75_000_000_000n };
    const quota = { ...ledger, costPicoUsd: 74_999_999_999n };
    const facts = { ledgers: [], stored: new Map(), ledgerByKey: new Map([[key, ledger]]), quotaByKey: new Map([[key, quota]]), summariesByKey: new Map([[key, ledger]]) };
    expect([...compareAudit(facts)].map(describeDifference)).toEqual(['Quota sums, customer "acme", 2023-11, openai/gpt-4: cost_usd should be 0.075 but is 0.074999999999']);
  });
});
