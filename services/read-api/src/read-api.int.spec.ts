import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { jetstream } from '@nats-io/jetstream';
import { decodeUsageEnvelope, Outcome, type PricedRun, pricedSubject, usageSubject } from '@ledgerline/contracts';
import { formatDecimal9, formatUsd } from '@ledgerline/kernel';
import { connectNats, ensureStreams, type NatsConnection, publishEnvelope } from '@ledgerline/messaging';
import {
  eventually,
  freshClickhouse,
  type FreshClickhouse,
  freshDatabase,
  type FreshDatabase,
  freshNats,
  type FreshNats,
  garbageRun,
  pricedBytes,
  RECORDED_AT_US,
  runOf,
  type RunningService,
  startService,
} from '@ledgerline/testing';

const PARTITIONS = 2;
const KEY = 'admin-key-of-the-read-api-spec';

let nats: FreshNats;
let database: FreshDatabase;
let clickHouse: FreshClickhouse;
let nc: NatsConnection;
let services: RunningService[] = [];
let api: string;
let environment: Record<string, string>;

/** Publishes USAGE messages and, unless told otherwise, what pricing would make of them. */
async function record(partition: number, runs: PricedRun[], { priced = true } = {}): Promise<void> {
  const js = jetstream(nc);
  for (const run of runs) await publishEnvelope(js, usageSubject(1, partition), run.usage, { timeoutMs: 5_000 });
  if (priced) await publishEnvelope(js, pricedSubject(1, partition), pricedBytes(partition, runs), { timeoutMs: 5_000 });
}

async function get(path: string, key = KEY): Promise<{ status: number; body: Record<string, never>; headers: Headers }> {
  const answer = await fetch(`${api}${path}`, { headers: { authorization: `Bearer ${key}`, connection: 'close' } });
  return { status: answer.status, body: (await answer.json()) as Record<string, never>, headers: answer.headers };
}

const DAY_US = 86_400_000_000;
const MODELS = ['gpt-4o', 'claude', "o'mini"];
/** 600 events with numbers that only exact sums get right. */
const events = Array.from({ length: 600 }, (_, i) => ({
  customer: `customer-${i % 3}`,
  model: MODELS[i % 2 === 0 ? 0 : (i % 5) % 3]!,
  project: i % 4 === 0 ? 'search' : '',
  transactionId: i === 7 ? 'tx-7' : '',
  status: i % 50 === 0 ? ('error' as const) : ('ok' as const),
  tags: { team: `t${i % 4}` },
  occurredAtUs: RECORDED_AT_US - (i % 40) * (DAY_US + 1_800_000_001),
  usage: { input_tokens: 9007199254740000 + i, output_tokens: i, seconds: formatDecimal9(BigInt(i) * 1_000_000_001n) },
  outcome: i % 10 === 9 ? Outcome.unpriced : Outcome.priced,
  costPico: 123_456_789_012_345_678n * BigInt(i),
}));
const runs = [
  [runOf(0, 1, events.slice(0, 200)), runOf(0, 2, events.slice(200, 300))],
  [runOf(1, 1, events.slice(300, 600)), garbageRun(2, Buffer.from('garbage'))],
] as const;

/** A number where a JSON number is exact, text beyond. */
const asJson = (value: bigint): number | string => (value <= Number.MAX_SAFE_INTEGER ? Number(value) : String(value));

function expected(of: typeof events) {
  const priced = of.filter(({ outcome }) => outcome === Outcome.priced);
  return {
    event_count: of.length,
    unpriced_events: of.length - priced.length,
    cost_usd: of.length > 0 && priced.length === 0 ? null : formatUsd(priced.reduce((sum, { costPico }) => sum + costPico, 0n)),
    input_tokens: asJson(of.reduce((sum, { usage }) => sum + BigInt(usage.input_tokens), 0n)),
    output_tokens: of.reduce((sum, { usage }) => sum + usage.output_tokens, 0),
    seconds: formatDecimal9(of.reduce((sum, { usage }) => sum + BigInt(usage.output_tokens) * 1_000_000_001n, 0n)),
  };
}

beforeAll(async () => {
  [nats, database, clickHouse] = await Promise.all([freshNats(), freshDatabase(), freshClickhouse()]);
  nc = await connectNats(nats.url, 'read-api-spec');
  await ensureStreams(nc, { generation: 1, partitions: PARTITIONS, maxBytes: 64 * 1024 ** 2, kinds: ['USAGE', 'PRICED', 'QUOTA'] });
  environment = {
    NATS_URL: nats.url,
    DATABASE_URL: database.url,
    CLICKHOUSE_URL: clickHouse.url,
    PARTITIONS: String(PARTITIONS),
    AGGREGATION_SHARDS: '2',
    STREAM_MAX_BYTES: String(64 * 1024 ** 2),
    LEASE_TTL_MS: '1500',
    READ_WAIT_MS: '1500',
    ADMIN_KEY: KEY,
  };
  services.push(await startService('accounts', environment));
  services.push(await startService('aggregation', environment));
  const readApi = await startService('read-api', environment);
  services.push(readApi);
  api = readApi.url;
  await record(0, [...runs[0]]);
  await record(1, [...runs[1]]);
}, 90_000);

afterAll(async () => {
  await Promise.all(services.map((service) => service.stop()));
  services = [];
  await nc?.close();
  await Promise.all([nats?.stop(), database?.drop(), clickHouse?.drop()]);
});

describe('GET /v1/events/{usage_id}', () => {
  it('shows an event that was acknowledged a moment ago', async () => {
    const { status, body } = await get(`/v1/events/${runs[0][0].usageIds[7]}`);
    expect(status).toBe(200);
    expect(body).toMatchObject({
      usage_id: runs[0][0].usageIds[7], state: 'priced', customer_id: 'customer-1', model: "o'mini", transaction_id: 'tx-7', tags: { team: 't3' }, status: 'ok',
      usage: { input_tokens: 9007199254740007, output_tokens: 7, seconds: '7.000000007' },
      cost_usd: formatUsd(events[7]!.costPico), price_book_version: 'book-1', occurred_at: expect.stringMatching(/^2026-.*\d{6}Z$/),
      freshness: { lag_events: expect.any(Number) },
    });
    expect(body).not.toHaveProperty('error_code');
  });

  it('tells unpriced from free', async () => {
    expect((await get(`/v1/events/${runs[0][0].usageIds[9]}`)).body).toMatchObject({ state: 'unpriced', cost_usd: null });
    expect((await get(`/v1/events/${runs[0][0].usageIds[0]}`)).body).toMatchObject({ state: 'priced', cost_usd: '0', status: 'error' });
  });

  it('shows why something was quarantined, and what it was', async () => {
    const run = runOf(0, 3, [{ id: 'twice', outcome: Outcome.quarantined, reason: { code: 'conflict', detail: 'another body' } }]);
    await record(0, [run]);
    const { status, body } = await get(`/v1/events/${run.usageIds[0]}`);
    expect(status).toBe(200);
    expect(body).toMatchObject({ state: 'quarantined', reason: { code: 'conflict', detail: 'another body' }, event: { id: 'twice', customer_id: 'acme' } });
  });

  it('says 404 of what was never acknowledged, and 400 of what is no address', async () => {
    expect(await get('/v1/events/00000000-0000-0000-0000-000000000000')).toMatchObject({ status: 404, body: { code: 'unknown_event' } });
    expect(await get('/v1/events/42')).toMatchObject({ status: 400, body: { errors: [{ field: 'usage_id', reason: 'expected a UUID' }] } });
  });
});

describe('GET /v1/events', () => {
  it('pages through all events once each, newest first', async () => {
    const seen: string[] = [];
    const times: string[] = [];
    let cursor = '';
    do {
      const { body } = await get(`/v1/events?customer_id=customer-1&limit=37&consistency=strong${cursor && `&cursor=${cursor}`}`);
      for (const event of body['data'] as unknown as { usage_id: string; occurred_at: string; customer_id: string }[]) {
        expect(event.customer_id).toBe('customer-1');
        seen.push(event.usage_id);
        times.push(event.occurred_at);
      }
      cursor = body['next_cursor'] ?? '';
    } while (cursor !== '');
    expect(seen.length).toBe(200);
    expect(new Set(seen).size).toBe(200);
    expect(times).toEqual([...times].sort().reverse());
  });

  it('filters by every field it offers', async () => {
    const count = async (query: string) => ((await get(`/v1/events?limit=1000&${query}`)).body['data'] as unknown as unknown[]).length;
    expect(await count('transaction_id=tx-7')).toBe(1);
    expect(await count('customer_id=customer-0&status=error')).toBe(events.filter(({ customer, status }) => customer === 'customer-0' && status === 'error').length);
    expect(await count(`model=${encodeURIComponent("o'mini")}&project_id=search`)).toBe(events.filter(({ model, project }) => model === "o'mini" && project === 'search').length);
    expect(await count('provider=nobody')).toBe(0);
    expect(await count('customer_id=customer-2&from=2026-11-22&to=2026-11-23')).toBe(events.filter(({ customer, occurredAtUs }) => customer === 'customer-2' && occurredAtUs >= Date.UTC(2026, 10, 22) * 1000).length);
  });

  it('names every bad parameter', async () => {
    const { status, body } = await get('/v1/events?limit=0&colour=red&from=yesterday');
    expect(status).toBe(400);
    expect((body['errors'] as unknown as { field: string }[]).map(({ field }) => field).sort()).toEqual(['colour', 'from', 'limit']);
  });

  it('is closed without a key', async () => {
    expect((await get('/v1/events', 'wrong')).status).toBe(401);
  });
});

describe('GET /v1/summaries', () => {
  it('without anything is one row of exact sums of all time', async () => {
    const { body } = await get('/v1/summaries?consistency=strong');
    expect(body['data']).toMatchObject([expected(events)]);
    expect(body['freshness']).toMatchObject({ lag_events: 0 });
  });

  it.each([
    ['customer_id=customer-1', (event: (typeof events)[0]) => event.customer === 'customer-1'],
    ['customer_id=nobody', () => false],
    ['from=2026-11-01&to=2026-11-20', ({ occurredAtUs }: (typeof events)[0]) => occurredAtUs >= Date.UTC(2026, 10, 1) * 1000 && occurredAtUs < Date.UTC(2026, 10, 20) * 1000],
    ['from=2026-11-01T00:00:00.000001Z&model=claude', ({ occurredAtUs, model }: (typeof events)[0]) => occurredAtUs > Date.UTC(2026, 10, 1) * 1000 && model === 'claude'],
  ])('%s is exact', async (query, included) => {
    expect((await get(`/v1/summaries?${query}`)).body['data']).toMatchObject([expected(events.filter(included))]);
  });

  it('grouped by customer, model and day gives the sums of each, which add up', async () => {
    const rows = (await get('/v1/summaries?group_by=customer,model,day')).body['data'] as unknown as { customer_id: string; model: string; day: string; event_count: number; cost_usd: string }[];
    expect(rows.reduce((sum, row) => sum + row.event_count, 0)).toBe(600);
    for (const row of rows.slice(0, 20)) {
      const sums = expected(
        events.filter(({ customer, model, occurredAtUs }) => customer === row.customer_id && model === row.model && new Date(occurredAtUs / 1000).toISOString().startsWith(row.day)),
      );
      expect(row).toMatchObject(sums);
    }
  });

  it('groups by hours and months', async () => {
    const hours = (await get('/v1/summaries?group_by=hour&customer_id=customer-0')).body['data'] as unknown as { hour: string; event_count: number }[];
    expect(hours.every(({ hour }) => /^2026-\d\d-\d\dT\d\d:00:00Z$/.test(hour))).toBe(true);
    expect(hours.reduce((sum, row) => sum + row.event_count, 0)).toBe(200);
    const months = (await get('/v1/summaries?group_by=month')).body['data'] as unknown as { month: string }[];
    expect(months.map(({ month }) => month)).toEqual(['2026-10', '2026-11']);
  });

  it('is answered from the sums inside the table', async () => {
    const { summariesSQL } = await import('./application/summary-query.js');
    const { sql } = summariesSQL({ groupBy: ['model', 'hour'], limit: 10 });
    expect(await clickHouse.query(`EXPLAIN ${sql.replace('{limit:UInt32}', '10')}`)).toContain('ReadFromMergeTree (quarter_hours)');
  });
});

describe('the services behind it', () => {
  it('an acknowledged event that is not priced yet is 503 with Retry-After, never 404, and is counted as lag', async () => {
    const run = runOf(1, 3, [{ id: 'slow' }]);
    expect(decodeUsageEnvelope(run.usage).count).toBe(1);
    await record(1, [run], { priced: false });
    const waiting = await get(`/v1/events/${run.usageIds[0]}`);
    expect(waiting).toMatchObject({ status: 503, body: { code: 'not_visible_yet' } });
    expect(waiting.headers.get('retry-after')).toBe('1');
    await eventually(async () => expect((await get('/v1/summaries')).body['freshness']).toMatchObject({ lag_events: 1, as_of: '2026-11-22T12:00:00.123Z' }));
    await publishEnvelope(jetstream(nc), pricedSubject(1, 1), pricedBytes(1, [run]), { timeoutMs: 5_000 });
    expect((await get(`/v1/events/${run.usageIds[0]}`)).status).toBe(200);
  });

  it('two sinks share the work; when one is killed the other takes all of it within 10 s and nothing is counted twice', async () => {
    services.push(await startService('aggregation', environment));
    const [, first] = services;
    const before = Number((await get('/v1/summaries?consistency=strong')).body['data'][0]!['event_count']);
    first!.kill('SIGKILL');
    const killedAt = performance.now();
    await record(0, [runOf(0, 4, Array.from({ length: 50 }, () => ({})))]);
    await record(1, [runOf(1, 4, Array.from({ length: 50 }, () => ({})))]);
    await eventually(async () => expect((await get('/v1/summaries')).body['data'][0]).toMatchObject({ event_count: before + 100 }), { timeoutMs: 10_000 });
    expect(performance.now() - killedAt).toBeLessThan(10_000);
  });

  it('another number of sinks than the deployment began with stops the boot and says what to set', async () => {
    const refused = await startService('aggregation', { ...environment, AGGREGATION_SHARDS: '1' }, { until: 'spawned' });
    expect((await refused.exited).code).toBe(1);
    expect(refused.log()).toContain('Set AGGREGATION_SHARDS=2');
    await refused.stop();
  });

  it('a bad setting stops the boot and is named', async () => {
    const refused = await startService('read-api', { ...environment, CLICKHOUSE_URL: 'nonsense' }, { until: 'spawned' });
    expect((await refused.exited).code).toBe(1);
    expect(refused.log()).toContain('CLICKHOUSE_URL');
    await refused.stop();
  });
});
