import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { QuotaEventSchema } from '@ledgerline/contracts';
import { type Metric, quotaTerms } from '@ledgerline/domain-quota';
import { type PartitionBatch } from '@ledgerline/messaging';
import { createKysely, createPool, migrate } from '@ledgerline/postgres';
import { type FreshDatabase, freshDatabase } from '@ledgerline/testing';
import { fromBinary } from '@bufbuild/protobuf';
import { type Kysely, sql } from 'kysely';
import { loadCheckpoints } from '../src/adapters/postgres-checkpoints.js';
import { PostgresQuotaReader } from '../src/adapters/postgres-quotas.js';
import { PostgresQuotaStore } from '../src/adapters/postgres-quota-store.js';
import { type QuotaDatabase } from '../src/adapters/quota-database.js';
import { ChangeQuota } from '../src/application/change-quota.js';
import { CountUsage } from '../src/application/count-usage.js';
import { DeleteQuota } from '../src/application/delete-quota.js';
import { CheckpointMovedError } from '../src/application/ports.js';
import { SetQuota } from '../src/application/set-quota.js';
import { readPriced } from '../src/consumers/read-priced.js';
import { migrations } from '../src/quota.module.js';
import { envelopeOf, runOf, type TestEvent } from './priced-feed.js';

const PARTITIONS = 4;
const clock = { nowMs: () => Date.parse('2023-11-20T00:00:00Z') };
const nothing = () => undefined;

let database: FreshDatabase;
let db: Kysely<QuotaDatabase>;
let store: PostgresQuotaStore;

beforeAll(async () => {
  database = await freshDatabase();
  db = createKysely<QuotaDatabase>(createPool(database.url, { max: 12, applicationName: 'test' }));
  await migrate(db, { schema: 'quota', migrations });
  store = new PostgresQuotaStore({ db, generation: 1, leaseScope: 'priced' });
  await loadCheckpoints(db, 1, [0, 1, 2, 3]);
  for (let unit = 0; unit < PARTITIONS; unit++) {
    await sql`insert into quota.leases (scope, unit, owner, epoch) values ('priced', ${unit}, 'test', 1)`.execute(db);
  }
});

afterAll(async () => {
  await db?.destroy();
  await database?.drop();
});

/** A copy of the service that counts some partitions. */
class Copy {
  private readonly counting = new CountUsage(store, clock);

  async count(partition: number, events: TestEvent[], epoch = 1): Promise<void> {
    const stored = (await loadCheckpoints(db, 1, [partition])).get(partition)!;
    await this.countAt(partition, events, stored, epoch);
  }

  async countAt(partition: number, events: TestEvent[], at: { sequence: number; sourceSequence: number }, epoch = 1): Promise<void> {
    const sequence = at.sequence + 1;
    const data = envelopeOf(partition, [runOf(at.sourceSequence + 1, partition, events)]);
    const batch: PartitionBatch = {
      unit: null,
      messages: [{ partition, sequence, timestampUs: 0, subject: '', data }],
      epochs: new Map([[partition, epoch]]),
      heads: new Map([[partition, { sequence, streamCreated: 'now', messageDigest: 'd', highestSeen: sequence }]]),
    };
    const { tally, moves } = readPriced(batch, 1, new Map([[partition, at]]));
    await this.counting.execute({ generation: 1, epochs: batch.epochs, moves, tally });
  }
}

const setQuota = (customerId: string, metric: Metric, limit: string, scope: { provider?: string; model?: string } = {}) => {
  const terms = quotaTerms(metric, limit);
  if (!terms.ok) throw new Error('bad terms');
  return new SetQuota(store, clock, nothing).execute({
    customerId,
    metric,
    provider: scope.provider ?? null,
    model: scope.model ?? null,
    terms: terms.value,
  });
};

/** The decisions about a customer's quotas that wait in the outbox, in order. */
async function decisionsOf(customer: string): Promise<string[]> {
  const rows = await db.selectFrom('quota.outbox').select('payload').orderBy('id').execute();
  return rows.flatMap(({ payload }) => {
    const { event } = fromBinary(QuotaEventSchema, payload);
    if (event.case !== 'thresholdCrossed' && event.case !== 'thresholdUncrossed') return [];
    const { crossing } = event.value;
    if (crossing?.customerId !== customer) return [];
    return [
      `${event.case === 'thresholdCrossed' ? 'crossed' : 'uncrossed'} v${crossing.limitVersion} ${crossing.thresholdPercent}% #${crossing.crossingNumber} at ${crossing.value} of ${crossing.limit} in ${crossing.periodStart}`,
    ];
  });
}

const tokens = (customer: string, amount: number, model = 'gpt-4o'): TestEvent => ({
  customer,
  model,
  usage: { input_tokens: amount },
  cost: 1n,
});

describe('counting', () => {
  it('adds each quantity, cost and failed call to the sums, exactly', async () => {
    const copy = new Copy();
    await copy.count(0, [
      { customer: 'exact', usage: { input_tokens: 3, output_tokens: 4, characters: 5, seconds: 1_500_000_001n, credits: 2n }, cost: 7n },
      { customer: 'exact', usage: { requests: 10, cached_input_tokens: Number.MAX_SAFE_INTEGER }, cost: 10n ** 24n },
      { customer: 'exact', usage: {} },
      { customer: 'exact', usage: { input_tokens: 1_000 }, outcome: 3, cost: 0n },
    ]);
    await copy.count(0, [{ customer: 'exact', usage: { cached_input_tokens: Number.MAX_SAFE_INTEGER }, cost: 1n }]);
    const row = await db.selectFrom('quota.usage_sums').selectAll().where('customer_id', '=', 'exact').executeTakeFirstOrThrow();
    expect(row).toMatchObject({
      event_count: 4,
      requests: '13',
      tokens: String(7n + 2n * BigInt(Number.MAX_SAFE_INTEGER)),
      characters: '5',
      seconds: '1.500000001',
      credits: '0.000000002',
      cost_usd: '1000000000000.000000000008',
      unpriced_events: 1,
    });
  });

  it('raises 80 and 100 percent once each', async () => {
    await setQuota('once', 'tokens', '1000');
    const copy = new Copy();
    for (let i = 0; i < 12; i++) await copy.count(i % PARTITIONS, [tokens('once', 100, `m${i % 3}`)]);
    expect(await decisionsOf('once')).toEqual([
      'crossed v1 80% #1 at 800 of 1000 in 2023-11-01',
      'crossed v1 100% #1 at 1000 of 1000 in 2023-11-01',
    ]);
  });

  it('refuses a batch that was counted already, and adds nothing', async () => {
    const copy = new Copy();
    const before = (await loadCheckpoints(db, 1, [1])).get(1)!;
    await copy.countAt(1, [tokens('replayed', 5)], before);
    await expect(copy.countAt(1, [tokens('replayed', 5)], before)).rejects.toThrow(CheckpointMovedError);
    const row = await db.selectFrom('quota.usage_sums').selectAll().where('customer_id', '=', 'replayed').executeTakeFirstOrThrow();
    expect(row).toMatchObject({ event_count: 1, tokens: '5' });
  });

  it('refuses a copy whose lease was taken over', async () => {
    await expect(new Copy().count(2, [tokens('fenced', 5)], 7)).rejects.toThrow('lease priced/2 no longer carries epoch 7');
    expect(await db.selectFrom('quota.usage_sums').selectAll().where('customer_id', '=', 'fenced').execute()).toEqual([]);
  });

  it('misses no crossing and makes none twice when copies count one customer at the same time, and a limit changes under way', async () => {
    const customers = Array.from({ length: 5 }, (_, i) => `busy-${i}`);
    const ids = new Map<string, string>();
    for (const customer of customers.slice(0, 4)) ids.set(customer, await setQuota(customer, 'tokens', '2000'));
    const counting = Array.from({ length: PARTITIONS }, async (_, partition) => {
      const copy = new Copy();
      for (let round = 0; round < 15; round++) {
        // Each partition has its own models, so that no two copies share a row, and some rows in common, so that some do.
        const events = customers.flatMap((customer) => [tokens(customer, 20, `m${partition}`), tokens(customer, 20, 'shared')]);
        await copy.count(partition, round % 2 ? events : events.reverse());
      }
    });
    const changing = (async () => {
      ids.set('busy-4', await setQuota('busy-4', 'tokens', '2000'));
      const terms = quotaTerms('tokens', '1500');
      await new ChangeQuota(store, clock, nothing).execute(ids.get('busy-3')!, () => terms);
    })();
    await Promise.all([...counting, changing]);
    const reader = new PostgresQuotaReader(db);
    for (const customer of customers) {
      const decisions = await decisionsOf(customer);
      const version = customer === 'busy-3' ? 2 : 1;
      const last = decisions.filter((text) => text.startsWith(`crossed v${version}`)).map((text) => text.split(' at ')[0]);
      expect(last).toEqual([`crossed v${version} 80% #1`, `crossed v${version} 100% #1`]);
      expect((await reader.find(ids.get(customer)!, (2023 - 1970) * 12 + 10))!.value).toBe(2400n);
    }
  });
});

describe('a quota', () => {
  it('set after usage began starts from its true sum and is decided at once, in every month that has usage', async () => {
    await new Copy().count(3, [
      tokens('late', 900),
      { ...tokens('late', 2_000), occurredAt: '2023-10-03T00:00:00Z' },
      { customer: 'late', usage: { characters: 5_000 }, cost: 0n },
    ]);
    await setQuota('late', 'tokens', '1000');
    expect(await decisionsOf('late')).toEqual([
      'crossed v1 80% #1 at 2000 of 1000 in 2023-10-01',
      'crossed v1 100% #1 at 2000 of 1000 in 2023-10-01',
      'crossed v1 80% #1 at 900 of 1000 in 2023-11-01',
    ]);
  });

  it('takes back what an old limit had raised when the limit changes, and what it raised itself when it is deleted', async () => {
    const id = await setQuota('changed', 'cost_usd', '0.000000001');
    await new Copy().count(0, [{ customer: 'changed', cost: 900n }]);
    const terms = quotaTerms('cost_usd', '0.0000000009');
    await new ChangeQuota(store, clock, nothing).execute(id, () => terms);
    await new DeleteQuota(store, clock, nothing).execute(id);
    expect(await decisionsOf('changed')).toEqual([
      'crossed v1 80% #1 at 0.0000000009 of 0.000000001 in 2023-11-01',
      'uncrossed v1 80% #1 at 0.0000000009 of 0.0000000009 in 2023-11-01',
      'crossed v2 80% #1 at 0.0000000009 of 0.0000000009 in 2023-11-01',
      'crossed v2 100% #1 at 0.0000000009 of 0.0000000009 in 2023-11-01',
      'uncrossed v2 100% #1 at 0.0000000009 of 0.0000000009 in 2023-11-01',
      'uncrossed v2 80% #1 at 0.0000000009 of 0.0000000009 in 2023-11-01',
    ]);
    expect(await db.selectFrom('quota.windows').selectAll().where('quota_id', '=', id).execute()).toEqual([]);
  });

  it('counts only its provider and model', async () => {
    const id = await setQuota('scoped', 'requests', '2', { provider: 'openai', model: 'a"b\\c,{}' });
    await new Copy().count(1, [
      { customer: 'scoped', model: 'a"b\\c,{}' },
      { customer: 'scoped', model: 'other' },
      { customer: 'scoped', model: 'a"b\\c,{}', provider: 'azure' },
    ]);
    const view = await new PostgresQuotaReader(db).find(id, (2023 - 1970) * 12 + 10);
    expect(view!.value).toBe(1n);
  });

  it('falls back under a threshold and crosses it again with the next number when sums are corrected', async () => {
    await setQuota('corrected', 'tokens', '100');
    const copy = new Copy();
    await copy.count(0, [tokens('corrected', 90)]);
    await db.updateTable('quota.usage_sums').set({ tokens: '50' }).where('customer_id', '=', 'corrected').execute();
    await copy.count(0, [tokens('corrected', 1)]);
    await copy.count(0, [tokens('corrected', 39)]);
    expect(await decisionsOf('corrected')).toEqual([
      'crossed v1 80% #1 at 90 of 100 in 2023-11-01',
      'uncrossed v1 80% #1 at 51 of 100 in 2023-11-01',
      'crossed v1 80% #2 at 90 of 100 in 2023-11-01',
    ]);
  });

  it('is one for a customer, metric, provider and model', async () => {
    const id = await setQuota('unique', 'tokens', '100', { provider: 'openai' });
    await expect(setQuota('unique', 'tokens', '200', { provider: 'openai' })).rejects.toThrow(id);
    await setQuota('unique', 'tokens', '200');
  });
});
