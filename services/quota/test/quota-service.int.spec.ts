import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { QUOTA_STREAM, QuotaEventSchema } from '@ledgerline/contracts';
import { connectNats, ensureStreams, type NatsConnection } from '@ledgerline/messaging';
import { call, eventually, type FreshDatabase, freshDatabase, type FreshNats, freshNats, linkedPages, type RunningAccounts, type RunningService, startAccounts, startService } from '@ledgerline/testing';
import { fromBinary } from '@bufbuild/protobuf';
import { DeliverPolicy, jetstream, jetstreamManager } from '@nats-io/jetstream';
import pg from 'pg';
import { PricedFeed } from './priced-feed.js';

const PARTITIONS = 4;

let database: FreshDatabase;
let nats: FreshNats;
let nc: NatsConnection;
let feed: PricedFeed;
let sql: pg.Pool;
let accounts: RunningAccounts;
const running: RunningService[] = [];

beforeAll(async () => {
  [database, nats] = await Promise.all([freshDatabase(), freshNats()]);
  nc = await connectNats(nats.url, 'test');
  await ensureStreams(nc, { generation: 1, partitions: PARTITIONS, maxBytes: 64 * 1024 ** 2, kinds: ['PRICED', 'QUOTA'] });
  feed = new PricedFeed(nc);
  sql = new pg.Pool({ connectionString: database.url, max: 2 });
  accounts = await startAccounts(environment());
});

afterAll(async () => {
  await Promise.all([accounts?.service, ...running].map((service) => service?.stop()));
  await nc?.close();
  await sql?.end();
  await nats?.stop();
  await database?.drop();
});

const environment = () => ({
  DATABASE_URL: database.url,
  NATS_URL: nats.url,
  PARTITIONS: String(PARTITIONS),
  STREAM_MAX_BYTES: String(64 * 1024 ** 2),
  LEASE_TTL_MS: '3000',
  LOG_LEVEL: 'info',
});

async function start(until: 'ready' | 'listening' = 'ready'): Promise<RunningService> {
  const service = await startService('quota', environment(), { until });
  running.push(service);
  return service;
}

const eventsOf = (customer: string, count: number, tokens: number, models: string[]) =>
  Array.from({ length: count }, (_, i) => ({ customer, model: models[i % models.length], usage: { input_tokens: tokens }, cost: 1n }));

const sumOf = async (customer: string): Promise<number> =>
  Number(
    (await sql.query('select coalesce(sum(tokens), 0)::text as tokens from quota.published_sums where customer_id = $1', [customer]))
      .rows[0].tokens,
  );

/** Everything on the QUOTA stream about a customer's quotas, in order. */
async function published(customer: string): Promise<string[]> {
  const info = await (await jetstreamManager(nc)).streams.info(QUOTA_STREAM);
  if (info.state.messages === 0) return [];
  const consumer = await jetstream(nc).consumers.get(QUOTA_STREAM, { deliver_policy: DeliverPolicy.All });
  const messages = await consumer.fetch({ max_messages: info.state.messages, expires: 2_000 });
  const found: string[] = [];
  for await (const message of messages) {
    const { event } = fromBinary(QuotaEventSchema, message.data);
    if (event.case === 'customerSeen' && event.value.customerId === customer) found.push('seen');
    if (event.case !== 'thresholdCrossed' && event.case !== 'thresholdUncrossed') continue;
    const { crossing } = event.value;
    if (crossing?.customerId === customer)
      found.push(`${event.case} ${crossing.thresholdPercent}% #${crossing.crossingNumber} at ${crossing.value}`);
  }
  return found;
}

describe('the quota service', () => {
  it('counts priced usage, shows it, and publishes each crossing once', async () => {
    const { url } = await start();
    const created = await call(url, 'POST', '/v1/quotas', { customer_id: 'acme', metric: 'tokens', limit: 1000 });
    expect(created).toMatchObject({
      status: 201,
      body: {
        customer_id: 'acme',
        metric: 'tokens',
        limit: '1000',
        thresholds: [80, 100],
        version: 1,
        value: '0',
        used_percent: 0,
        period: 'month',
        provider: null,
        model: null,
      },
    });
    const { id } = created.body as { id: string };
    for (let i = 0; i < 10; i++) await feed.emit(i % PARTITIONS, eventsOf('acme', 1, 100, ['gpt-4o']));
    await eventually(async () =>
      expect((await call(url, 'GET', `/v1/quotas/${id}?period=2023-11`)).body).toMatchObject({
        value: '1000',
        used_percent: 100,
        period_start: '2023-11-01',
      }),
    );
    const seen = await eventually(async () => {
      const found = await published('acme');
      return found.length >= 3 && found;
    });
    expect(seen[0]).toBe('seen');
    expect(seen.slice(1).map((text) => text.split(' at ')[0])).toEqual(['thresholdCrossed 80% #1', 'thresholdCrossed 100% #1']);
    expect(await call(url, 'GET', '/v1/quotas?customer_id=acme')).toMatchObject({
      status: 200,
      body: { data: [{ id }], next_cursor: null },
    });
    const second = await call(url, 'POST', '/v1/quotas', { customer_id: 'acme', metric: 'characters', limit: 9 });
    expect((await linkedPages<{ id: string }>(url, '/v1/quotas?customer_id=acme&limit=1')).map((quota) => quota.id).sort()).toEqual([id, (second.body as { id: string }).id].sort());
    expect(await call(url, 'PUT', `/v1/quotas/${id}`, { limit: '2000.0' })).toMatchObject({
      status: 200,
      body: { limit: '2000', version: 2 },
    });
    await eventually(async () =>
      expect((await published('acme')).slice(3).map((text) => text.split(' at ')[0])).toEqual([
        'thresholdUncrossed 100% #1',
        'thresholdUncrossed 80% #1',
      ]),
    );
    expect(await call(url, 'DELETE', `/v1/quotas/${id}`)).toMatchObject({ status: 204 });
    expect(await call(url, 'GET', `/v1/quotas/${id}`)).toMatchObject({ status: 404, body: { code: 'quota_not_found' } });
  });

  it('names the field of every bad request', async () => {
    const { url } = running[0]!;
    const good = { customer_id: 'bad', metric: 'tokens', limit: 1000 };
    const bad: [object, string][] = [
      [{ ...good, customer_id: '' }, 'customer_id'],
      [{ ...good, customer_id: 7 }, 'customer_id'],
      [{ ...good, customer_id: 'x'.repeat(257) }, 'customer_id'],
      [{ ...good, metric: 'pages' }, 'metric'],
      [{ ...good, limit: 0 }, 'limit'],
      [{ ...good, limit: -5 }, 'limit'],
      [{ ...good, limit: 1.5 }, 'limit'],
      [{ ...good, limit: 'many' }, 'limit'],
      [{ ...good, limit: 2 ** 60 }, 'limit'],
      [{ ...good, limit: null }, 'limit'],
      [{ ...good, thresholds: [80, 80] }, 'thresholds'],
      [{ ...good, thresholds: ['80'] }, 'thresholds.0'],
      [{ ...good, period: 'week' }, 'period'],
      [{ ...good, colour: 'red' }, 'colour'],
    ];
    for (const [body, field] of bad) {
      expect(await call(url, 'POST', '/v1/quotas', body)).toMatchObject({
        status: 422,
        body: { code: 'validation_failed', errors: [{ field }] },
      });
    }
    expect(await call(url, 'GET', '/v1/quotas?period=2023-13')).toMatchObject({ status: 422, body: { errors: [{ field: 'period' }] } });
    expect(await call(url, 'GET', '/v1/quotas/not-a-uuid')).toMatchObject({ status: 404 });
    expect(await call(url, 'GET', '/v1/quotas', undefined, accounts.producerKey)).toMatchObject({ status: 403 });
    expect(await call(url, 'GET', '/v1/quotas', undefined, 'wrong')).toMatchObject({ status: 401 });
  });

  it('answers a second quota for the same with the one that is there', async () => {
    const { url } = running[0]!;
    const body = { customer_id: 'twice', metric: 'cost_usd', limit: '10.5', provider: 'openai' };
    const first = await call(url, 'POST', '/v1/quotas', body);
    expect(await call(url, 'POST', '/v1/quotas', body)).toMatchObject({
      status: 409,
      body: { code: 'quota_exists', detail: expect.stringContaining((first.body as { id: string }).id) },
    });
  });

  it('passes over garbage on PRICED and goes on', async () => {
    await feed.publish(0, Buffer.from('garbage'));
    await feed.emit(0, eventsOf('after-garbage', 1, 5, ['m']));
    await eventually(async () => expect(await sumOf('after-garbage')).toBe(5));
  });

  it('two copies share the partitions; one is killed mid-way and the other takes over with nothing lost or counted twice', async () => {
    const second = await start();
    await eventually(async () => {
      const { rows } = await sql.query(`select owner, count(*) from quota.leases where scope = 'priced' group by owner`);
      expect(rows.map((row) => Number(row.count))).toEqual([2, 2]);
    });
    await call(second.url, 'POST', '/v1/quotas', { customer_id: 'shared', metric: 'tokens', limit: 100_000 });
    for (let round = 0; round < 100; round++) {
      // 25 rounds x 4 partitions x 10 events x 100 tokens.
      await feed.emit(round % PARTITIONS, eventsOf('shared', 10, 100, [`m${round % 3}`, 'common']));
      if (round === 50) {
        await eventually(async () => expect(await sumOf('shared')).toBeGreaterThan(0));
        running[0]!.kill('SIGKILL');
      }
    }
    await eventually(async () => expect(await sumOf('shared')).toBe(100_000), { timeoutMs: 12_000 });
    const crossings = await eventually(async () => {
      const found = (await published('shared')).filter((text) => text !== 'seen');
      return found.length >= 2 && found;
    });
    expect(new Set(crossings.map((text) => text.split(' at ')[0]))).toEqual(
      new Set(['thresholdCrossed 80% #1', 'thresholdCrossed 100% #1']),
    );
  });

  it('a frozen copy is replaced within 10 s, and adds nothing when it thaws', async () => {
    const frozen = running.at(-1)!;
    const other = await start();
    await eventually(async () => {
      const { rows } = await sql.query(`select owner, count(*) from quota.leases where scope = 'priced' group by owner`);
      expect(rows.map((row) => Number(row.count))).toEqual([2, 2]);
    });
    frozen.kill('SIGSTOP');
    for (let i = 0; i < 40; i++) await feed.emit(i % PARTITIONS, eventsOf('frozen', 5, 1, ['m1', 'm2']));
    await eventually(async () => expect(await sumOf('frozen')).toBe(200), { timeoutMs: 10_000 });
    frozen.kill('SIGCONT');
    for (let i = 0; i < 40; i++) await feed.emit(i % PARTITIONS, eventsOf('frozen', 5, 1, ['m1', 'm2']));
    await eventually(async () => expect(await sumOf('frozen')).toBe(400));
    await frozen.stop();
    for (let i = 0; i < 4; i++) await feed.emit(i % PARTITIONS, eventsOf('frozen', 5, 1, ['m1', 'm2']));
    await eventually(async () => expect(await sumOf('frozen')).toBe(420));
    expect((await fetch(`${other.url}/readyz`)).status).toBe(200);
  });

  it('counts on where it stood after the broker was killed and came back', async () => {
    await nats.kill9();
    await nats.restart();
    await eventually(async () => (await jetstreamManager(nc)).streams.info(QUOTA_STREAM), { timeoutMs: 15_000 });
    await feed.emit(1, eventsOf('after-broker', 3, 7, ['m']));
    await eventually(async () => expect(await sumOf('after-broker')).toBe(21), { timeoutMs: 15_000 });
    expect((await sql.query('select sum(source_sequence)::int as sources from quota.published_progress')).rows[0].sources).toBeGreaterThan(
      100,
    );
  });

  it('stops cleanly within the time a supervisor gives', async () => {
    const service = running.at(-1)!;
    const begun = performance.now();
    const exit = await service.stop();
    expect(exit).toMatchObject({ code: 0 });
    expect(performance.now() - begun).toBeLessThan(8_000);
    expect(
      (await sql.query(`select count(*)::int as held from quota.leases where owner is not null and scope = 'priced'`)).rows[0].held,
    ).toBe(0);
  });
});
