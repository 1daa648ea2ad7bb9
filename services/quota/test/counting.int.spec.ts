import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { SYSTEM } from '@ledgerline/administration';
import { quotaTerms } from '@ledgerline/domain-quota';
import { type FreshDatabase, freshDatabase } from '@ledgerline/testing';
import { loadCheckpoints } from '../src/adapters/postgres-checkpoints.js';
import { PostgresQuotaReader } from '../src/adapters/postgres-quotas.js';
import { ChangeQuota } from '../src/application/change-quota.js';
import { DeleteQuota } from '../src/application/delete-quota.js';
import { CheckpointMovedError } from '../src/application/ports.js';
import { clock, CountingFixture, nothing, PARTITIONS } from './counting-fixture.js';
import { type TestEvent } from './priced-feed.js';

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

const tokens = (customer: string, amount: number, model = 'gpt-4o'): TestEvent => ({
  customer,
  model,
  usage: { input_tokens: amount },
  cost: 1n,
});

describe('counting', () => {
  it('adds each quantity, cost and failed call to the sums, exactly', async () => {
    const copy = fixture.copy();
    await copy.count(0, [
      { customer: 'exact', usage: { input_tokens: 3, output_tokens: 4, characters: 5, seconds: 1_500_000_001n, credits: 2n }, cost: 7n },
      { customer: 'exact', usage: { requests: 10, cached_input_tokens: Number.MAX_SAFE_INTEGER }, cost: 10n ** 24n },
      { customer: 'exact', usage: {} },
      { customer: 'exact', usage: { input_tokens: 1_000 }, outcome: 3, cost: 0n },
    ]);
    await copy.count(0, [{ customer: 'exact', usage: { cached_input_tokens: Number.MAX_SAFE_INTEGER }, cost: 1n }]);
    const row = await fixture.db.selectFrom('quota.usage_sums').selectAll().where('customer_id', '=', 'exact').executeTakeFirstOrThrow();
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
    await fixture.setQuota('once', 'tokens', '1000');
    const copy = fixture.copy();
    for (let i = 0; i < 12; i++) await copy.count(i % PARTITIONS, [tokens('once', 100, `m${i % 3}`)]);
    expect(await fixture.decisionsOf('once')).toEqual([
      'crossed v1 80% #1 at 800 of 1000 in 2023-11-01',
      'crossed v1 100% #1 at 1000 of 1000 in 2023-11-01',
    ]);
  });

  it('refuses a batch that was counted already, and adds nothing', async () => {
    const copy = fixture.copy();
    const before = (await loadCheckpoints(fixture.db, 1, [1])).get(1)!;
    await copy.countAt(1, [tokens('replayed', 5)], before);
    await expect(copy.countAt(1, [tokens('replayed', 5)], before)).rejects.toThrow(CheckpointMovedError);
    const row = await fixture.db.selectFrom('quota.usage_sums').selectAll().where('customer_id', '=', 'replayed').executeTakeFirstOrThrow();
    expect(row).toMatchObject({ event_count: 1, tokens: '5' });
  });

  it('refuses a copy whose lease was taken over', async () => {
    await expect(fixture.copy().count(2, [tokens('fenced', 5)], 7)).rejects.toThrow('lease priced/2 no longer carries epoch 7');
    expect(await fixture.db.selectFrom('quota.usage_sums').selectAll().where('customer_id', '=', 'fenced').execute()).toEqual([]);
  });

  it('misses no crossing and makes none twice when copies count one customer at the same time, and a limit changes under way', async () => {
    const customers = Array.from({ length: 5 }, (_, i) => `busy-${i}`);
    const ids = new Map<string, string>();
    for (const customer of customers.slice(0, 4)) ids.set(customer, await fixture.setQuota(customer, 'tokens', '2000'));
    const counting = Array.from({ length: PARTITIONS }, async (_, partition) => {
      const copy = fixture.copy();
      for (let round = 0; round < 15; round++) {
        // Each partition has its own models, so that no two copies share a row, and some rows in common, so that some do.
        const events = customers.flatMap((customer) => [tokens(customer, 20, `m${partition}`), tokens(customer, 20, 'shared')]);
        await copy.count(partition, round % 2 ? events : events.reverse());
      }
    });
    const changing = (async () => {
      ids.set('busy-4', await fixture.setQuota('busy-4', 'tokens', '2000'));
      const terms = quotaTerms('tokens', '1500');
      await fixture.changes.make(SYSTEM, (change) => new ChangeQuota(fixture.store, clock, nothing).execute(ids.get('busy-3')!, () => terms, change));
    })();
    await Promise.all([...counting, changing]);
    const reader = new PostgresQuotaReader(fixture.db);
    for (const customer of customers) {
      const decisions = await fixture.decisionsOf(customer);
      const version = customer === 'busy-3' ? 2 : 1;
      const last = decisions.filter((text) => text.startsWith(`crossed v${version}`)).map((text) => text.split(' at ')[0]);
      expect(last).toEqual([`crossed v${version} 80% #1`, `crossed v${version} 100% #1`]);
      expect((await reader.find(ids.get(customer)!, (2023 - 1970) * 12 + 10))!.value).toBe(2400n);
    }
  });
});

describe('a quota', () => {
  it('set after usage began starts from its true sum and is decided at once, in every month that has usage', async () => {
    await fixture.copy().count(3, [
      tokens('late', 900),
      { ...tokens('late', 2_000), occurredAt: '2023-10-03T00:00:00Z' },
      { customer: 'late', usage: { characters: 5_000 }, cost: 0n },
    ]);
    await fixture.setQuota('late', 'tokens', '1000');
    expect(await fixture.decisionsOf('late')).toEqual([
      'crossed v1 80% #1 at 2000 of 1000 in 2023-10-01',
      'crossed v1 100% #1 at 2000 of 1000 in 2023-10-01',
      'crossed v1 80% #1 at 900 of 1000 in 2023-11-01',
    ]);
  });

  it('takes back what an old limit had raised when the limit changes, and what it raised itself when it is deleted', async () => {
    const id = await fixture.setQuota('changed', 'cost_usd', '0.000000001');
    await fixture.copy().count(0, [{ customer: 'changed', cost: 900n }]);
    const terms = quotaTerms('cost_usd', '0.0000000009');
    await fixture.changes.make(SYSTEM, (change) => new ChangeQuota(fixture.store, clock, nothing).execute(id, () => terms, change));
    await fixture.changes.make(SYSTEM, (change) => new DeleteQuota(fixture.store, clock, nothing).execute(id, change));
    expect(await fixture.decisionsOf('changed')).toEqual([
      'crossed v1 80% #1 at 0.0000000009 of 0.000000001 in 2023-11-01',
      'uncrossed v1 80% #1 at 0.0000000009 of 0.0000000009 in 2023-11-01',
      'crossed v2 80% #1 at 0.0000000009 of 0.0000000009 in 2023-11-01',
      'crossed v2 100% #1 at 0.0000000009 of 0.0000000009 in 2023-11-01',
      'uncrossed v2 100% #1 at 0.0000000009 of 0.0000000009 in 2023-11-01',
      'uncrossed v2 80% #1 at 0.0000000009 of 0.0000000009 in 2023-11-01',
    ]);
    expect(await fixture.db.selectFrom('quota.windows').selectAll().where('quota_id', '=', id).execute()).toEqual([]);
  });

  it('counts only its provider and model', async () => {
    const id = await fixture.setQuota('scoped', 'requests', '2', { provider: 'openai', model: 'a"b\\c,{}' });
    await fixture.copy().count(1, [
      { customer: 'scoped', model: 'a"b\\c,{}' },
      { customer: 'scoped', model: 'other' },
      { customer: 'scoped', model: 'a"b\\c,{}', provider: 'azure' },
    ]);
    const view = await new PostgresQuotaReader(fixture.db).find(id, (2023 - 1970) * 12 + 10);
    expect(view!.value).toBe(1n);
  });

  it('is one for a customer, metric, provider and model', async () => {
    const id = await fixture.setQuota('unique', 'tokens', '100', { provider: 'openai' });
    await expect(fixture.setQuota('unique', 'tokens', '200', { provider: 'openai' })).rejects.toThrow(id);
    await fixture.setQuota('unique', 'tokens', '200');
  });
});
