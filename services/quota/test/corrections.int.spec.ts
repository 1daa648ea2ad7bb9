import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { DeltaKind, type PricedRun } from '@ledgerline/contracts';
import { METRIC_PLACES, METRICS, monthOf } from '@ledgerline/domain-quota';
import { formatScaled } from '@ledgerline/kernel';
import { type FreshDatabase, freshDatabase } from '@ledgerline/testing';
import fc from 'fast-check';
import { sql } from 'kysely';
import { PostgresQuotaReader } from '../src/adapters/postgres-quotas.js';
import { histories, playedOut } from './correction-history.js';
import { CountingFixture, PARTITIONS } from './counting-fixture.js';
import { type NetSums, sumsOfEvents } from './net-sums.js';
import { correctionRunOf, runOf, type TestDelta, type TestEvent } from './priced-feed.js';

let database: FreshDatabase;
let fixture: CountingFixture;

beforeAll(async () => {
  database = await freshDatabase();
  fixture = await CountingFixture.create(database.url);
});

afterAll(async () => {
  await fixture?.end();
  await database?.drop();
});

/** From what an event was to what it should be. */
const from = (was: TestEvent, is: TestEvent | null, kind: DeltaKind = is ? DeltaKind.adjusted : DeltaKind.voided): TestDelta[] => [
  { ...was, retracts: true, kind },
  ...(is ? [{ ...is, kind, version: 1 }] : []),
];

const correct = (rows: TestDelta[]) => fixture.copy().countRuns(0, (source) => [correctionRunOf(source, 0, rows)]);

describe('a correction', () => {
  const used = (tokens: number): TestEvent => ({ customer: 'moved', usage: { input_tokens: tokens, seconds: 1_500_000_000n, requests: 4 }, cost: BigInt(tokens) * 10n });

  it('moves the sums by exactly the difference, and a void takes everything back', async () => {
    const sums = () =>
      fixture.db
        .selectFrom('quota.usage_sums')
        .select(['event_count', 'requests', 'tokens', 'seconds', 'cost_usd'])
        .where('customer_id', '=', 'moved')
        .executeTakeFirstOrThrow();
    await fixture.copy().count(0, [used(900), used(90)]);
    await correct(from(used(900), used(40)));
    expect(await sums()).toEqual({ event_count: 2, requests: '8', tokens: '130', seconds: '3.000000000', cost_usd: '0.000000001300' });
    await correct(from(used(40), null));
    await correct(from(used(90), null));
    expect(await sums()).toEqual({ event_count: 0, requests: '0', tokens: '0', seconds: '0.000000000', cost_usd: '0.000000000000' });
  });

  it('uncrosses a threshold that the value falls under, and crossing it again has the next number', async () => {
    const tokens = (amount: number): TestEvent => ({ customer: 'corrected', usage: { input_tokens: amount }, cost: 0n });
    await fixture.setQuota('corrected', 'tokens', '100');
    await fixture.copy().count(0, [tokens(90)]);
    await correct(from(tokens(90), tokens(79)));
    await fixture.copy().count(0, [tokens(1)]);
    expect(await fixture.decisionsOf('corrected')).toEqual([
      'crossed v1 80% #1 at 90 of 100 in 2023-11-01',
      'uncrossed v1 80% #1 at 79 of 100 in 2023-11-01',
      'crossed v1 80% #2 at 80 of 100 in 2023-11-01',
    ]);
  });

  it('that lowers nothing past a threshold announces nothing', async () => {
    const tokens = (amount: number): TestEvent => ({ customer: 'still-over', usage: { input_tokens: amount }, cost: 0n });
    await fixture.setQuota('still-over', 'tokens', '100');
    await fixture.copy().count(0, [tokens(99)]);
    await correct(from(tokens(99), tokens(85)));
    expect(await fixture.decisionsOf('still-over')).toEqual(['crossed v1 80% #1 at 99 of 100 in 2023-11-01']);
  });

  it('can give back more than a month cost, and the quota shows the value below zero', async () => {
    const credit = { customer: 'credited', provider: '', model: '', occurredAt: '2023-11-05T00:00:00Z', cost: -2_500_000_000_000n, kind: DeltaKind.credited };
    const id = await fixture.setQuota('credited', 'cost_usd', '1');
    await fixture.copy().count(0, [{ customer: 'credited', cost: 10n ** 12n }]);
    await correct([credit]);
    expect((await new PostgresQuotaReader(fixture.db).find(id, monthOf(Date.parse('2023-11-05') * 1000)))!.value).toBe(-1_500_000_000_000n);
    expect((await fixture.decisionsOf('credited')).slice(2)).toEqual([
      'uncrossed v1 100% #1 at -1.5 of 1 in 2023-11-01',
      'uncrossed v1 80% #1 at -1.5 of 1 in 2023-11-01',
    ]);
    const rows = await fixture.db.selectFrom('quota.usage_sums').select(['event_count', 'requests']).where('customer_id', '=', 'credited').where('model', '=', '').execute();
    expect(rows).toEqual([{ event_count: 0, requests: '0' }]);
  });
});

describe('usage that arrives late', () => {
  const tokens = (amount: number, occurredAt: string): TestEvent => ({ customer: 'late', usage: { input_tokens: amount }, cost: 0n, occurredAt });

  it('by 40 days counts in its own month and crosses that month\'s quota, not the present one\'s', async () => {
    const now = '2023-11-16T12:00:00Z';
    const fortyDaysBefore = '2023-10-07T12:00:00Z';
    await fixture.setQuota('late', 'tokens', '1000');
    await fixture.copy().count(0, [tokens(700, fortyDaysBefore), tokens(500, now)]);
    await fixture.copy().count(1, [tokens(150, fortyDaysBefore)]);
    expect(await fixture.decisionsOf('late')).toEqual(['crossed v1 80% #1 at 850 of 1000 in 2023-10-01']);
    await fixture.copy().countRuns(1, (source) => [correctionRunOf(source, 1, from(tokens(150, fortyDaysBefore), null))]);
    const rows = await fixture.db.selectFrom('quota.usage_sums').select([sql<string>`period_start::text`.as('month'), 'tokens']).where('customer_id', '=', 'late').orderBy('period_start').execute();
    expect(rows).toEqual([{ month: '2023-10-01', tokens: '700' }, { month: '2023-11-01', tokens: '500' }]);
    expect((await fixture.decisionsOf('late')).slice(1)).toEqual(['uncrossed v1 80% #1 at 700 of 1000 in 2023-10-01']);
  });
});

/** Everything that a projection of these customers' usage holds. */
async function projectionOf(customers: readonly string[]): Promise<{ sums: NetSums; standing: unknown[] }> {
  const rows = await fixture.db
    .selectFrom('quota.usage_sums')
    .selectAll()
    .select(sql<string>`period_start::text`.as('month'))
    .where('customer_id', 'in', [...customers])
    .execute();
  const integer = (text: string) => text.replace('.', '').replace(/^(-?)0+(?=\d)/, '$1');
  const sums: NetSums = {};
  for (const row of rows) {
    const { customer_id, month, provider, model, event_count, unpriced_events } = row;
    const amounts = Object.fromEntries(METRICS.map((metric) => [metric, integer(row[metric])]));
    const all = { ...amounts, event_count: String(event_count), unpriced_events: String(unpriced_events) };
    if (Object.values(all).some((text) => text !== '0')) sums[JSON.stringify([customer_id.replace(/\d+-/, ''), month, provider, model])] = all as NetSums[string];
  }
  const standing = await sql`
    select q.metric, w.period_start::text as month, w.threshold_percent as percent from quota.windows w join quota.quotas q on q.id = w.quota_id
    where w.crossed and q.customer_id = any(${[...customers]}) order by 1, 2, 3`.execute(fixture.db);
  return { sums, standing: standing.rows };
}

describe('replayed from the log', () => {
  it('in one batch, the sums and the alerts that stand are those of counting live, run by run, whatever was corrected', async () => {
    let round = 0;
    await fc.assert(
      fc.asyncProperty(histories(['x']), fc.bigInt({ min: 1n, max: 2n ** 54n }), async (steps, limit) => {
        const partition = round++ % PARTITIONS;
        const [live, replayed] = [`${round}-live-x`, `${round}-replayed-x`];
        const named = (customer: string) => steps.map((step) => (step.kind === 'record' ? { ...step, event: { ...step.event, customer } } : step.kind === 'credit' ? { ...step, customer } : step));
        for (const customer of [live, replayed]) {
          for (const metric of METRICS) await fixture.setQuota(customer, metric, formatScaled(limit, METRIC_PLACES[metric]));
        }
        const shifted = (runs: readonly PricedRun[], by: number) => runs.map((run) => ({ ...run, sourceSequence: run.sourceSequence + by - 1 }));
        const copy = fixture.copy();
        for (const run of playedOut(partition, named(live)).runs) await copy.countRuns(partition, (source) => shifted([{ ...run, sourceSequence: 1 }], source));
        await copy.countRuns(partition, (source) => shifted(playedOut(partition, named(replayed)).runs, source));
        const [one, other] = [await projectionOf([live]), await projectionOf([replayed])];
        expect(other.standing).toEqual(one.standing);
        const renamed = (sums: NetSums, from: string) => JSON.parse(JSON.stringify(sums).replaceAll(from, 'x')) as NetSums;
        expect(renamed(other.sums, 'replayed-x')).toEqual(renamed(one.sums, 'live-x'));
        expect(renamed(one.sums, 'live-x')).toEqual(sumsOfEvents(playedOut(partition, named('x')).net));
      }),
      { numRuns: 12 },
    );
  });

  it('an adjusted event that was counted by another copy is corrected all the same', async () => {
    const event: TestEvent = { customer: 'taken-over', usage: { characters: 10 }, cost: 5n };
    await fixture.copy().countRuns(2, (source) => [runOf(source, 2, [event])]);
    await fixture.copy().countRuns(2, (source) => [correctionRunOf(source, 2, from(event, { ...event, cost: 1n }, DeltaKind.refunded))]);
    const row = await fixture.db.selectFrom('quota.usage_sums').select(['event_count', 'characters', 'cost_usd']).where('customer_id', '=', 'taken-over').executeTakeFirstOrThrow();
    expect(row).toEqual({ event_count: 1, characters: '10', cost_usd: '0.000000000001' });
  });
});
