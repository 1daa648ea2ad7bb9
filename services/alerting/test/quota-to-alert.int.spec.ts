import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { encodePricedEnvelope, pricedSubject, UsageEnvelopeBuilder, UsageRow } from '@ledgerline/contracts';
import { connectNats, ensureStreams, type NatsConnection } from '@ledgerline/messaging';
import { call, eventually, type FreshDatabase, freshDatabase, type FreshNats, freshNats, type RunningService, startAccounts, startService } from '@ledgerline/testing';
import { DeliverPolicy, jetstream } from '@nats-io/jetstream';
import pg from 'pg';

let database: FreshDatabase;
let nats: FreshNats;
let nc: NatsConnection;
let sql: pg.Pool;
let accounts: RunningService;
let quota: RunningService;
let alerting: RunningService;
let source = 0;

const environment = () => ({
  DATABASE_URL: database.url,
  NATS_URL: nats.url,
  STREAM_MAX_BYTES: String(64 * 1024 ** 2),
  PARTITIONS: '1',
  LEASE_TTL_MS: '1000',
  BATCH_MAX_MESSAGES: '4',
  COMMIT_SHARE_PERCENT: '50',
});

async function start(): Promise<void> {
  [quota, alerting] = await Promise.all([startService('quota', environment()), startService('alerting', environment())]);
}

beforeAll(async () => {
  [database, nats] = await Promise.all([freshDatabase(), freshNats()]);
  nc = await connectNats(nats.url, 'test');
  await ensureStreams(nc, { generation: 1, partitions: 1, maxBytes: 64 * 1024 ** 2, kinds: ['PRICED', 'QUOTA'] });
  sql = new pg.Pool({ connectionString: database.url, max: 2 });
  accounts = (await startAccounts(environment())).service;
  await start();
});

afterAll(async () => {
  await Promise.all([quota, alerting, accounts].map((service) => service?.stop()));
  await nc?.close();
  await sql?.end();
  await nats?.stop();
  await database?.drop();
});

/** One priced event of `requests` requests, as the pricing service publishes it. */
async function use(customer: string, requests: number): Promise<void> {
  const builder = new UsageEnvelopeBuilder(1, 0, 1);
  const row = Object.assign(new UsageRow(), {
    id: String(source),
    source: 'test',
    customer,
    provider: 'p',
    model: 'm',
    occurredAtUs: Date.parse('2023-11-16') * 1000,
  });
  row.usageMask = 1 << 16;
  row.counts[16] = requests;
  builder.append(row, new Uint8Array(16), 0);
  const run = {
    sourceSequence: ++source,
    recordedAtUs: 0,
    usage: builder.finish().slice(),
    undecodable: false,
    outcomes: Uint8Array.of(1),
    costs: new Uint8Array(16),
    reasons: [],
  };
  const envelope = {
    schema: 1,
    generation: 1,
    partition: 0,
    sourceFrom: source,
    sourceTo: source,
    previousSourceTo: source - 1,
    writerId: 't',
    priceBookVersion: 't',
    runs: [run],
  };
  await jetstream(nc).publish(pricedSubject(1, 0), encodePricedEnvelope(envelope).slice());
}

type Alert = { threshold_percent: number; value: string; status: string; crossing_number: number };
const alertsOf = async (customer: string): Promise<Alert[]> =>
  ((await call(alerting.url, 'GET', `/v1/alerts?customer_id=${customer}`)).body as { data: Alert[] }).data.sort(
    (a, b) => a.threshold_percent - b.threshold_percent,
  );

describe('from usage to an alert', () => {
  it('80 and 100 percent are alerts within a second, once each, also when the outbox publishes them again', async () => {
    await call(quota.url, 'POST', '/v1/quotas', { customer_id: 'acme', metric: 'requests', limit: 1_000 });
    await use('acme', 799);
    await use('acme', 1);
    await eventually(
      async () => expect(await alertsOf('acme')).toMatchObject([{ threshold_percent: 80, value: '800', status: 'active' }]),
      { timeoutMs: 1_000 },
    );
    await use('acme', 500);
    await eventually(
      async () => expect(await alertsOf('acme')).toMatchObject([{ threshold_percent: 80 }, { threshold_percent: 100, value: '1300' }]),
      { timeoutMs: 1_000 },
    );
    // As if the service had been killed after the broker's acknowledgement and before the outbox was cleared.
    const consumer = await jetstream(nc).consumers.get('QUOTA', { deliver_policy: DeliverPolicy.All });
    const message = (await consumer.next({ expires: 2_000 }))!;
    const crossed = (await consumer.next({ expires: 2_000 }))!;
    for (const [i, { subject, data }] of [message, crossed].entries()) {
      await sql.query('insert into quota.outbox (event_id, subject, payload) values ($1, $2, $3)', [
        `again ${i}`,
        subject,
        Buffer.from(data),
      ]);
    }
    await eventually(async () => expect((await sql.query('select 1 from quota.outbox')).rowCount).toBe(0));
    const { rows } = await sql.query(`select sequence::int from alerting.checkpoints`);
    await eventually(async () =>
      expect((await sql.query(`select sequence::int from alerting.checkpoints`)).rows[0].sequence).toBeGreaterThanOrEqual(rows[0].sequence),
    );
    await eventually(async () => expect((await sql.query(`select sequence::int from alerting.checkpoints`)).rows[0].sequence).toBe(5));
    expect(await alertsOf('acme')).toHaveLength(2);
    expect((await sql.query('select count(*)::int as n from alerting.alert_history')).rows[0].n).toBe(2);
  });

  it('kills of either service with work unfinished change no sum and no alert', async () => {
    await call(quota.url, 'POST', '/v1/quotas', { customer_id: 'killed', metric: 'requests', limit: 900 });
    const counted = async (): Promise<number> =>
      Number(
        (await sql.query(`select coalesce(sum(requests), 0)::int as n from quota.published_sums where customer_id = 'killed'`)).rows[0].n,
      );
    for (let kill = 1; kill <= 3; kill++) {
      await Promise.all(Array.from({ length: 300 }, () => use('killed', 1)));
      await eventually(async () => expect(await counted()).toBeGreaterThan((kill - 1) * 300), { intervalMs: 2 });
      quota.kill('SIGKILL');
      alerting.kill('SIGKILL');
      await Promise.all([quota.stop(), alerting.stop()]);
      expect(await counted()).toBeLessThan(kill * 300);
      await start();
      await eventually(async () => expect(await counted()).toBe(kill * 300));
    }
    await eventually(async () =>
      expect(await alertsOf('killed')).toMatchObject([
        { threshold_percent: 80, crossing_number: 1 },
        { threshold_percent: 100, value: '900', crossing_number: 1 },
      ]),
    );
  });
});
