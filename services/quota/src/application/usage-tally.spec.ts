import { describe, expect, it } from '@jest/globals';
import {
  decodeUsageEnvelope,
  Outcome,
  QUANTITIES,
  TOKEN_QUANTITIES,
  UsageEnvelopeBuilder,
  UsageRow,
  writeInt128,
} from '@ledgerline/contracts';
import { monthStartText } from '@ledgerline/domain-quota';
import fc from 'fast-check';
import { type SumName, UsageTally } from './usage-tally.js';

const NAMES: SumName[] = ['event_count', 'requests', 'tokens', 'characters', 'seconds', 'credits', 'cost_usd', 'unpriced_events'];
const indexOf = (name: string): number => QUANTITIES.find((quantity) => quantity.name === name)!.index;

interface Event {
  customer: string;
  provider: string;
  model: string;
  occurredAtUs: number;
  outcome: number;
  cost: bigint;
  counts: [string, number][];
  nanos: [string, bigint][];
}

const event = fc.record<Event>({
  customer: fc.constantFrom('acme', 'zeta', 'Ünïcode', 'a"b\\c'),
  provider: fc.constantFrom('openai', '', 'p,q'),
  model: fc.constantFrom('m1', 'm2', '{}'),
  occurredAtUs: fc.constantFrom(1_698_796_799_999_999, 1_698_796_800_000_000, 1_700_000_000_000_000, 1_795_000_000_000_000),
  outcome: fc.constantFrom(...Object.values(Outcome)),
  cost: fc.oneof(fc.bigInt({ min: 0n, max: 10n ** 9n }), fc.bigInt({ min: -(2n ** 100n), max: 2n ** 100n })),
  counts: fc.uniqueArray(fc.tuple(fc.constantFrom('input_tokens', 'output_tokens', 'characters', 'requests', 'images'), fc.maxSafeNat()), {
    selector: ([name]) => name,
  }),
  nanos: fc.uniqueArray(fc.tuple(fc.constantFrom('seconds', 'credits', 'units'), fc.bigInt({ min: 0n, max: 9n * 10n ** 18n })), {
    selector: ([name]) => name,
  }),
});

function add(tally: UsageTally, events: Event[]): void {
  const builder = new UsageEnvelopeBuilder(1, 0, events.length);
  const costs = new Uint8Array(events.length * 16);
  events.forEach((one, i) => {
    const row = Object.assign(new UsageRow(), {
      id: `e${i}`,
      customer: one.customer,
      provider: one.provider,
      model: one.model,
      occurredAtUs: one.occurredAtUs,
    });
    for (const [name, amount] of one.counts) {
      row.usageMask |= 1 << indexOf(name);
      row.counts[indexOf(name)] = amount;
    }
    for (const [name, amount] of one.nanos) {
      row.usageMask |= 1 << indexOf(name);
      row.nanos[indexOf(name)] = amount;
    }
    builder.append(row, new Uint8Array(16).fill(i), 0);
    if (one.outcome === Outcome.priced) writeInt128(costs, i * 16, one.cost);
  });
  tally.add(
    decodeUsageEnvelope(builder.finish()),
    Uint8Array.from(events, (one) => one.outcome),
    costs,
  );
}

/** The same sums, the slow and obvious way. */
function expected(events: Event[]): Record<string, Record<SumName, string>> {
  const sums = new Map<string, Record<SumName, bigint>>();
  for (const one of events) {
    if (one.outcome !== Outcome.priced && one.outcome !== Outcome.unpriced) continue;
    const month = `${new Date(one.occurredAtUs / 1000).toISOString().slice(0, 7)}-01`;
    const key = JSON.stringify([one.customer, month, one.provider, one.model]);
    const row = sums.get(key) ?? (Object.fromEntries(NAMES.map((name) => [name, 0n])) as Record<SumName, bigint>);
    sums.set(key, row);
    row.event_count += 1n;
    const stated = one.counts.find(([name]) => name === 'requests');
    row.requests += stated ? BigInt(stated[1]) : 1n;
    for (const [name, amount] of one.counts) {
      if (TOKEN_QUANTITIES.some((token) => token.name === name)) row.tokens += BigInt(amount);
      if (name === 'characters') row.characters += BigInt(amount);
    }
    for (const [name, amount] of one.nanos) if (name === 'seconds' || name === 'credits') row[name] += amount;
    if (one.outcome === Outcome.priced) row.cost_usd += one.cost;
    else row.unpriced_events += 1n;
  }
  return Object.fromEntries(
    [...sums].map(([key, row]) => [key, Object.fromEntries(NAMES.map((name) => [name, String(row[name])])) as Record<SumName, string>]),
  );
}

function sumsOf(tally: UsageTally): Record<string, Record<SumName, string>> {
  return Object.fromEntries(
    Array.from({ length: tally.rowCount }, (_, row) => {
      const scope = tally.scopes[tally.scopeOf[row]!]!;
      const key = JSON.stringify([
        tally.customers[tally.customerOf[row]!],
        monthStartText(tally.monthOf[row]!),
        scope.provider,
        scope.model,
      ]);
      return [key, Object.fromEntries(NAMES.map((name) => [name, tally.sums[name].text(row)])) as Record<SumName, string>];
    }),
  );
}

describe('the tally of a batch', () => {
  it('is exact for every amount, however the events lie in envelopes', () => {
    fc.assert(
      fc.property(fc.array(fc.array(event, { minLength: 1, maxLength: 12 }), { maxLength: 8 }), (envelopes) => {
        const tally = new UsageTally();
        for (const events of envelopes) add(tally, events);
        expect(sumsOf(tally)).toEqual(expected(envelopes.flat()));
      }),
    );
  });

  it('knows which sums a batch did not touch', () => {
    const tally = new UsageTally();
    add(tally, [
      {
        customer: 'acme',
        provider: 'p',
        model: 'm',
        occurredAtUs: 1_700_000_000_000_000,
        outcome: Outcome.priced,
        cost: 0n,
        counts: [['input_tokens', 3]],
        nanos: [],
      },
    ]);
    expect(NAMES.filter((name) => tally.sums[name].touched)).toEqual(['event_count', 'requests', 'tokens']);
  });

  it('holds more rows than it had room for at first', () => {
    const tally = new UsageTally();
    const events = Array.from({ length: 3_000 }, (_, i): Event => ({
      customer: `c${i}`,
      provider: 'p',
      model: 'm',
      occurredAtUs: 1_700_000_000_000_000,
      outcome: Outcome.priced,
      cost: BigInt(i),
      counts: [['output_tokens', i]],
      nanos: [],
    }));
    add(tally, events);
    expect(sumsOf(tally)).toEqual(expected(events));
  });
});
