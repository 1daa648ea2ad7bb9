import { create, toBinary } from '@bufbuild/protobuf';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Metric, QUOTA_STREAM, QuotaEventSchema, quotaSubject } from '@ledgerline/contracts';
import { connectNats, ensureStreams, type NatsConnection } from '@ledgerline/messaging';
import { call, type RunningAccounts, eventually, type FreshDatabase, freshDatabase, type FreshNats, freshNats, linkedPages, type RunningService, startAccounts, startService } from '@ledgerline/testing';
import { jetstream, jetstreamManager } from '@nats-io/jetstream';
import pg from 'pg';

const QUOTA_ID = '0b1f6c6e-0000-4000-8000-000000000001';

let database: FreshDatabase;
let nats: FreshNats;
let nc: NatsConnection;
let sql: pg.Pool;
let accounts: RunningAccounts;
const running: RunningService[] = [];

beforeAll(async () => {
  [database, nats] = await Promise.all([freshDatabase(), freshNats()]);
  nc = await connectNats(nats.url, 'test');
  await ensureStreams(nc, { generation: 1, partitions: 1, maxBytes: 64 * 1024 ** 2, kinds: ['QUOTA'] });
  sql = new pg.Pool({ connectionString: database.url, max: 2 });
  accounts = await startAccounts(environment());
  await start();
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
  STREAM_MAX_BYTES: String(64 * 1024 ** 2),
  LEASE_TTL_MS: '3000',
});

async function start(): Promise<void> {
  running.push(await startService('alerting', environment()));
}

interface Told {
  customer: string;
  kind: 'crossed' | 'uncrossed';
  number?: number;
  threshold?: number;
  version?: number;
  atMs?: number;
}

const publish = (bytes: Uint8Array) => jetstream(nc).publish(quotaSubject('test'), bytes);

async function tell({ customer, kind, number = 1, threshold = 80, version = 1, atMs = Date.parse('2023-11-20') }: Told): Promise<void> {
  const crossing = {
    quotaId: QUOTA_ID.replace('0001', customer.length.toString(16).padStart(4, '0')),
    customerId: customer,
    metric: Metric.TOKENS,
    provider: 'openai',
    limit: '1000000',
    limitVersion: version,
    periodStart: '2023-11-01',
    thresholdPercent: threshold,
    crossingNumber: number,
    value: String(800_000 + number),
  };
  const eventId = `${crossing.quotaId}/v${version}/2023-11-01/${threshold}%/n${number}/${kind}`;
  const event =
    kind === 'crossed'
      ? ({ case: 'thresholdCrossed', value: { crossing } } as const)
      : ({ case: 'thresholdUncrossed', value: { crossing } } as const);
  await publish(toBinary(QuotaEventSchema, create(QuotaEventSchema, { eventId, decidedAtUs: BigInt(atMs) * 1000n, event })));
}

/** Waits until everything on the stream is handled, so that what did not happen is known not to happen. */
async function settled(): Promise<void> {
  const { state } = await (await jetstreamManager(nc)).streams.info(QUOTA_STREAM);
  await eventually(async () => {
    const { rows } = await sql.query('select sequence::int from alerting.checkpoints where stream = $1', [QUOTA_STREAM]);
    expect(rows[0]?.sequence).toBe(state.last_seq);
  });
}

const url = (): string => running.at(-1)!.url;
const alertsOf = async (customer: string, more = ''): Promise<Record<string, unknown>[]> =>
  ((await call(url(), 'GET', `/v1/alerts?customer_id=${customer}${more}`)).body as { data: Record<string, unknown>[] }).data;

describe('the alerting service', () => {
  it('raises one alert for a crossing, with who, what, limit and value', async () => {
    await tell({ customer: 'acme', kind: 'crossed' });
    await settled();
    expect(await alertsOf('acme')).toEqual([
      {
        id: expect.stringMatching(/^[0-9a-f-]{36}$/),
        kind: 'quota_threshold',
        quota_id: expect.stringMatching(/^[0-9a-f-]{36}$/),
        customer_id: 'acme',
        metric: 'tokens',
        provider: 'openai',
        model: null,
        limit: '1000000',
        limit_version: 1,
        threshold_percent: 80,
        value: '800001',
        period_start: '2023-11-01',
        hour_start: null,
        status: 'active',
        crossing_number: 1,
        reopened_count: 0,
        raised_at: '2023-11-20T00:00:00.000Z',
        resolved_at: null,
      },
    ]);
  });

  it('knows a decision that is published again, also after it was resolved', async () => {
    const customer = 'again!';
    await tell({ customer, kind: 'crossed' });
    await tell({ customer, kind: 'crossed' });
    await settled();
    expect(await alertsOf(customer)).toMatchObject([{ status: 'active', crossing_number: 1 }]);
    await tell({ customer, kind: 'uncrossed', atMs: Date.parse('2023-11-21') });
    await tell({ customer, kind: 'crossed' });
    await settled();
    expect(await alertsOf(customer)).toMatchObject([{ status: 'resolved', resolved_at: '2023-11-21T00:00:00.000Z' }]);
    expect(
      (
        await sql.query(
          'select count(*)::int as n from alerting.alert_history h join alerting.alerts a on a.id = h.alert_id where customer_id = $1',
          [customer],
        )
      ).rows[0].n,
    ).toBe(2);
  });

  it('reopens the same alert when its threshold is crossed again', async () => {
    const customer = 'reopened';
    await tell({ customer, kind: 'crossed' });
    await settled();
    const [first] = await alertsOf(customer);
    await tell({ customer, kind: 'uncrossed' });
    await tell({ customer, kind: 'crossed', number: 2 });
    await settled();
    expect(await alertsOf(customer)).toMatchObject([
      { id: first!['id'], status: 'active', crossing_number: 2, reopened_count: 1, value: '800002', resolved_at: null },
    ]);
  });

  it('does not resolve an alert that came again when the end of its earlier crossing is delivered once more', async () => {
    const customer = 'order';
    await tell({ customer, kind: 'crossed' });
    await tell({ customer, kind: 'uncrossed' });
    await tell({ customer, kind: 'crossed', number: 2 });
    await settled();
    await tell({ customer, kind: 'uncrossed' });
    await tell({ customer, kind: 'crossed' });
    await settled();
    expect(await alertsOf(customer)).toMatchObject([{ status: 'active', crossing_number: 2, reopened_count: 1 }]);
  });

  it('keeps every change of an alert, with its value and time, and tells of it once', async () => {
    const customer = 'back-and-forth-and-back';
    const at = (day: number) => Date.parse(`2023-11-${day}`);
    await tell({ customer, kind: 'crossed', atMs: at(20) });
    await tell({ customer, kind: 'uncrossed', atMs: at(21) });
    await tell({ customer, kind: 'crossed', number: 2, atMs: at(22) });
    await tell({ customer, kind: 'uncrossed', number: 2, atMs: at(23) });
    await settled();
    const [alert] = await alertsOf(customer);
    expect(alert).toMatchObject({ status: 'resolved', reopened_count: 1, raised_at: '2023-11-20T00:00:00.000Z', resolved_at: '2023-11-23T00:00:00.000Z' });
    expect(await call(url(), 'GET', `/v1/alerts/${alert!['id'] as string}`)).toMatchObject({ status: 200, body: alert });
    const change = (name: string, number: number, day: number) => ({ change: name, at: `2023-11-${day}T00:00:00.000Z`, value: String(800_000 + number), limit: '1000000', crossing_number: number });
    expect((await call(url(), 'GET', `/v1/alerts/${alert!['id'] as string}/history`)).body).toEqual({
      data: [change('raised', 1, 20), change('resolved', 1, 21), change('reopened', 2, 22), change('resolved', 2, 23)],
    });
    const told = (text: string) => running[0]!.log().split('\n').filter((line) => line.includes(text) && line.includes(customer)).map((line) => (JSON.parse(line) as { level: number }).level);
    expect([told('alert raised'), told('alert reopened')]).toEqual([[40], [30]]);
    for (const path of ['/v1/alerts/none', `/v1/alerts/${QUOTA_ID}`, `/v1/alerts/${QUOTA_ID}/history`]) {
      expect(await call(url(), 'GET', path)).toMatchObject({ status: 404, body: { code: 'alert_not_found' } });
    }
  });

  it('raises one alert for an hour in which much was held back, however often and with whatever count it is told', async () => {
    const hour = Date.parse('2023-11-20T14:00:00Z');
    const grew = (eventId: string, heldEvents: bigint, hourMs = hour) =>
      publish(
        toBinary(
          QuotaEventSchema,
          create(QuotaEventSchema, {
            eventId,
            decidedAtUs: BigInt(hourMs + 60_000) * 1000n,
            event: { case: 'quarantineGrew', value: { hourStartUs: BigInt(hourMs) * 1000n, heldEvents, threshold: 100n } },
          }),
        ),
      );
    await grew('quarantine/14', 104n);
    await grew('quarantine/14', 104n);
    await settled();
    await grew('quarantine/14', 104n);
    await grew('quarantine/14 of another projection', 120n);
    await grew('quarantine/odd', 120n, hour + 1);
    await grew('quarantine/15', 100n, hour + 3_600_000);
    await settled();
    const { data } = (await call(url(), 'GET', '/v1/alerts?kind=quarantine_growth')).body as { data: Record<string, unknown>[] };
    expect(data).toMatchObject([
      { hour_start: '2023-11-20T15:00:00.000Z', value: '100' },
      { kind: 'quarantine_growth', hour_start: '2023-11-20T14:00:00.000Z', customer_id: null, quota_id: null, metric: null, limit: '100', value: '104', status: 'active', raised_at: '2023-11-20T14:01:00.000Z' },
    ]);
    expect(data).toHaveLength(2);
    expect((await call(url(), 'GET', '/v1/alerts?kind=quota_threshold')).body).toMatchObject({ data: expect.not.arrayContaining([expect.objectContaining({ kind: 'quarantine_growth' })]) });
  });

  it('passes over garbage and goes on', async () => {
    await publish(Buffer.from('garbage'));
    await publish(
      toBinary(
        QuotaEventSchema,
        create(QuotaEventSchema, { eventId: 'x', event: { case: 'thresholdCrossed', value: { crossing: { quotaId: 'no uuid' } } } }),
      ),
    );
    await tell({ customer: 'after-garbage', kind: 'crossed' });
    await settled();
    expect(await alertsOf('after-garbage')).toHaveLength(1);
  });

  it('lists every alert once, newest first, page by page', async () => {
    const customer = 'many-alerts-';
    for (let version = 1; version <= 7; version++)
      await tell({ customer, kind: 'crossed', version, atMs: Date.parse('2023-11-20') + Math.floor(version / 2) });
    await settled();
    const seen: string[] = [];
    let cursor: string | null = '';
    while (cursor !== null) {
      const page: { data: { id: string; limit_version: number }[]; next_cursor: string | null } = (
        await call(url(), 'GET', `/v1/alerts?customer_id=${customer}&limit=3${cursor === '' ? '' : `&cursor=${cursor}`}`)
      ).body;
      seen.push(...page.data.map((alert) => alert.id));
      cursor = page.next_cursor;
    }
    expect((await linkedPages<{ id: string }>(url(), `/v1/alerts?customer_id=${customer}&limit=3`)).map(({ id }) => id)).toEqual(seen);
    expect(new Set(seen).size).toBe(7);
    expect(seen).toHaveLength(7);
    expect(await alertsOf(customer, '&status=resolved')).toEqual([]);
  });

  it('names the parameter of every bad request, and needs an admin key', async () => {
    for (const [query, field] of [
      ['status=open', 'status'],
      ['kind=loud', 'kind'],
      ['cursor=abc', 'cursor'],
      ['limit=0', 'limit'],
      ['quota_id=7', 'quota_id'],
      ['colour=red', 'colour'],
    ]) {
      expect(await call(url(), 'GET', `/v1/alerts?${query}`)).toMatchObject({ status: 422, body: { errors: [{ field }] } });
    }
    expect(await call(url(), 'GET', '/v1/alerts', undefined, accounts.producerKey)).toMatchObject({ status: 403 });
    expect(await call(url(), 'GET', '/v1/alerts', undefined, 'wrong')).toMatchObject({ status: 401 });
  });

  it('goes on in a second copy when the one that reads is killed', async () => {
    await start();
    running[0]!.kill('SIGKILL');
    await tell({ customer: 'after-the-kill', kind: 'crossed' });
    await eventually(async () => expect(await alertsOf('after-the-kill')).toHaveLength(1), { timeoutMs: 10_000 });
  });
});
