import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { jetstream } from '@nats-io/jetstream';
import { DeltaKind, type PricedRun, pricedSubject, usageSubject } from '@ledgerline/contracts';
import { connectNats, ensureStreams, type NatsConnection, publishEnvelope } from '@ledgerline/messaging';
import { CorrectedEvent, correctionRunOf, type EventSpec, eventually, freshClickhouse, type FreshClickhouse, freshDatabase, type FreshDatabase, freshNats, type FreshNats, pricedBytes, runOf, type RunningService, startService } from '@ledgerline/testing';
import { unionSQL } from './application/sealed-summaries.js';

const KEY = 'admin-key-of-the-sealed-spec';
const HOUR_US = 3_600_000_000;
const us = (month: number, day: number): number => Date.UTC(2026, month - 1, day, 10) * 1000;
/** In a month that is not over while the test runs. */
const NOW_US = Date.now() * 1000;
const TODAY = new Date(NOW_US / 1000).toISOString().slice(0, 10);

let nats: FreshNats;
let database: FreshDatabase;
let clickHouse: FreshClickhouse;
let nc: NatsConnection;
let api: string;
let environment: Record<string, string>;
let aggregation: RunningService | undefined;
const services: RunningService[] = [];

const events = (recordedAtUs: number, count: number): EventSpec[] =>
  Array.from({ length: count }, (_, i) => ({
    customer: `c-${i % 3}`,
    model: `m-${i % 4}`,
    project: i % 2 === 0 ? 'search' : '',
    occurredAtUs: recordedAtUs - (i % 45) * 7 * HOUR_US,
    usage: { input_tokens: 9_007_199_254_740_000 + i, seconds: '0.000000001' },
    costPico: 1_234_567_890_123_456_789n * BigInt(i),
  }));

async function record(runs: PricedRun[]): Promise<void> {
  const js = jetstream(nc);
  for (const run of runs) await publishEnvelope(js, usageSubject(1, 0), run.usage, { timeoutMs: 5_000 });
  await publishEnvelope(js, pricedSubject(1, 0), pricedBytes(0, runs), { timeoutMs: 5_000 });
}

async function summaries(query: string): Promise<{ status: number; data: Record<string, unknown>[]; detail: string; code: string }> {
  const answer = await fetch(`${api}/v1/summaries?consistency=strong&${query}`, { headers: { authorization: `Bearer ${KEY}`, connection: 'close' } });
  return { status: answer.status, ...((await answer.json()) as { data: Record<string, unknown>[]; detail: string; code: string }) };
}

const QUESTIONS = [
  '',
  'group_by=month',
  'group_by=day,model',
  'group_by=customer,project,provider,model,operation',
  'customer_id=c-1&group_by=month',
  'model=m-2&from=2026-07-02&to=2026-08-03&group_by=day',
  'from=2026-08-01&group_by=customer',
  'to=2026-06-01',
  'group_by=customer,month&compare=previous',
  'group_by=model,month&compare=previous&from=2026-07-01&sort=-cost_usd',
  'group_by=customer,model,day&sort=-tokens&limit=7',
  `from=${TODAY}&group_by=hour`,
];
const answers = () => Promise.all(QUESTIONS.map(async (question) => (await summaries(question)).data));

async function restartAggregation(over: Record<string, string>): Promise<void> {
  await aggregation?.stop();
  aggregation = await startService('aggregation', { ...environment, RETENTION_EVERY_MS: '100', ...over });
}

const sealed = async (): Promise<string> => (await clickHouse.query('SELECT recorded_month, max(dropped) FROM sealed_months GROUP BY recorded_month ORDER BY 1')).trim();

beforeAll(async () => {
  [nats, database, clickHouse] = await Promise.all([freshNats(), freshDatabase(), freshClickhouse()]);
  nc = await connectNats(nats.url, 'sealed-spec');
  await ensureStreams(nc, { generation: 1, partitions: 1, maxBytes: 64 * 1024 ** 2, kinds: ['USAGE', 'PRICED', 'QUOTA'] });
  environment = {
    NATS_URL: nats.url,
    DATABASE_URL: database.url,
    CLICKHOUSE_URL: clickHouse.url,
    PARTITIONS: '1',
    AGGREGATION_SHARDS: '1',
    STREAM_MAX_BYTES: String(64 * 1024 ** 2),
    LEASE_TTL_MS: '1500',
    ADMIN_KEY: KEY,
  };
  services.push(await startService('accounts', environment));
  await restartAggregation({});
  const readApi = await startService('read-api', environment);
  services.push(readApi);
  api = readApi.url;
  await record([runOf(0, 1, events(us(7, 5), 200), us(7, 5)), runOf(0, 2, events(us(8, 2), 150), us(8, 2)), runOf(0, 3, events(NOW_US, 90), NOW_US)]);
}, 90_000);

afterAll(async () => {
  await Promise.all([aggregation, ...services].map((service) => service?.stop()));
  await nc?.close();
  await Promise.all([nats?.stop(), database?.drop(), clickHouse?.drop()]);
});

describe('summaries over months whose rows are dropped', () => {
  it('are the same before a month is sealed, while its rows are still there, and when they are gone; then what comes late adds', async () => {
    const before = await answers();
    expect(before[0]).toMatchObject([{ event_count: 440 }]);
    expect(before.slice(0, 7).every((rows) => rows.length > 0)).toBe(true);

    await restartAggregation({ RETENTION_DAYS: '1', SEALED_GRACE_MS: '3600000' });
    await eventually(async () => expect(await sealed()).toBe('202607\t0\n202608\t0'));
    expect(await answers()).toEqual(before);

    await restartAggregation({ RETENTION_DAYS: '1', SEALED_GRACE_MS: '0' });
    await eventually(async () => expect(await sealed()).toBe('202607\t1\n202608\t1'));
    expect((await clickHouse.query('SELECT count() FROM usage_events')).trim()).toBe('90');
    expect(await answers()).toEqual(before);

    await record([runOf(0, 4, [{ customer: 'c-1', model: 'm-2', occurredAtUs: us(7, 5), usage: { input_tokens: 5 }, costPico: 7n }], NOW_US + 1)]);
    const [after] = (await summaries('group_by=month&customer_id=c-1&from=2026-07-01&to=2026-08-01')).data;
    const [without] = before[4]!.filter(({ month }) => month === '2026-07');
    expect(Number(after!['event_count'])).toBe(Number(without!['event_count']) + 1);
  });

  it('are net of corrections that came after the event\'s month was dropped', async () => {
    const march = 'customer_id=corrected&group_by=month';
    const [first, second] = [1, 2].map((id): EventSpec => ({ id: `event-${id}`, customer: 'corrected', occurredAtUs: us(3, 3), usage: { input_tokens: 1_000 }, costPico: 5_000_000_000_000n }));
    const recorded = runOf(0, 5, [first!, second!], us(3, 4));
    await record([recorded]);
    await eventually(async () => expect(await sealed()).toBe('202603\t1\n202607\t1\n202608\t1'));
    expect((await summaries(march)).data).toMatchObject([{ month: '2026-03', event_count: 2, input_tokens: 2_000, cost_usd: '10' }]);

    const [adjusted, voided] = [new CorrectedEvent(recorded.usageIds[0]!, first!), new CorrectedEvent(recorded.usageIds[1]!, second!)];
    const deltas = [...adjusted.becomes(DeltaKind.adjusted, 'fix', { usage: { input_tokens: 400 }, costPico: 2_000_000_000_001n }), ...voided.voided('gone')];
    await record([correctionRunOf(0, 6, [{ id: 'fix', usageId: adjusted.usageId, customer: 'corrected' }, { id: 'gone', usageId: voided.usageId, customer: 'corrected', kind: 'void' }], deltas, NOW_US + 2)]);
    expect((await summaries(march)).data).toMatchObject([{ month: '2026-03', event_count: 1, input_tokens: 400, cost_usd: '2.000000000001' }]);
    await record([correctionRunOf(0, 7, [{ id: 'gone-too', usageId: adjusted.usageId, customer: 'corrected', kind: 'void' }], adjusted.voided('gone-too'), NOW_US + 3)]);
    expect((await summaries(march)).data).toEqual([]);
  });

  it('refuse hours of days that are kept whole, and say what to ask instead', async () => {
    for (const question of ['group_by=hour', 'from=2026-07-05T01:00:00Z', 'to=2026-07-03T12:00:00Z', 'from=2026-07-05&to=2026-07-06&group_by=hour']) {
      const { status, code, detail } = await summaries(question);
      expect([question, status, code]).toEqual([question, 422, 'hours_not_kept']);
      expect(detail).toMatch(/^Usage of 2026-\d\d-\d\d is kept as sums of whole days: group by day or month, with from and to at midnight UTC\.$/);
    }
    expect(await summaries('from=2025-03-01T01:00:00Z&to=2025-03-02&group_by=hour')).toMatchObject({ status: 200, data: [] });
    expect(await summaries('customer_id=nobody&group_by=hour')).toMatchObject({ status: 200, data: [] });
  });

  it('still answer what is kept as rows from the projection', async () => {
    const { sql } = unionSQL({ groupBy: ['customer'], limit: 10 }, [{ month: 202607, seal: '00000000-0000-0000-0000-000000000000', dropped: true }]);
    expect(await clickHouse.query(`EXPLAIN ${sql.replace('{limit:UInt32}', '10')}`)).toContain('ReadFromMergeTree (quarter_hours)');
  });
});
