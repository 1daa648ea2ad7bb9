import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { DeltaKind, encodePricedEnvelope, Outcome, type PricedRun, pricedSubject, quotaSubject, UsageEnvelopeBuilder, UsageRow } from '@ledgerline/contracts';
import { connectNats, ensureStreams, type NatsConnection } from '@ledgerline/messaging';
import { call, eventually, type FreshDatabase, freshDatabase, type FreshNats, freshNats, type RunningService, startAccounts, startService } from '@ledgerline/testing';
import { DeliverPolicy, jetstream, jetstreamManager } from '@nats-io/jetstream';
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
  QUARANTINE_ALERT_EVENTS: '5',
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

const NOW = '2023-11-16T00:00:00Z';

/** A USAGE envelope of one event with this many requests. */
function usageOf(customer: string, requests: readonly number[], occurredAt: string): Uint8Array {
  const builder = new UsageEnvelopeBuilder(1, 0, requests.length);
  for (const amount of requests) {
    const row = Object.assign(new UsageRow(), {
      id: String(source),
      source: 'test',
      customer,
      provider: 'p',
      model: 'm',
      occurredAtUs: Date.parse(occurredAt) * 1000,
    });
    row.usageMask = 1 << 16;
    row.counts[16] = amount;
    builder.append(row, new Uint8Array(16), 0);
  }
  return builder.finish().slice();
}

/** Publishes one run, as the pricing service does. */
async function price(run: Pick<PricedRun, 'usage' | 'outcomes'> & Partial<PricedRun>): Promise<void> {
  source++;
  const envelope = {
    schema: 1,
    generation: 1,
    partition: 0,
    sourceFrom: source,
    sourceTo: source,
    previousSourceTo: source - 1,
    writerId: 't',
    priceBookVersion: 't',
    runs: [{ sourceSequence: source, recordedAtUs: Date.parse(NOW) * 1000, undecodable: false, costs: new Uint8Array(16), reasons: [], ...run }],
  };
  await jetstream(nc).publish(pricedSubject(1, 0), encodePricedEnvelope(envelope).slice());
}

/** One priced event of `requests` requests. */
const use = (customer: string, requests: number, occurredAt = NOW): Promise<void> =>
  price({ usage: usageOf(customer, [requests], occurredAt), outcomes: Uint8Array.of(Outcome.priced) });

/** A correction of an event of `was` requests to what it should be. */
const correct = (customer: string, was: number, is: number): Promise<void> =>
  price({
    usage: Buffer.from('a correction'),
    correction: true,
    outcomes: Uint8Array.of(Outcome.applied),
    deltas: {
      rows: usageOf(customer, [was, is], NOW),
      entries: [true, false].map((retracts, version) => ({
        kind: DeltaKind.adjusted,
        retracts,
        version,
        correctionId: 'c',
        outcome: Outcome.priced,
        costPicoUsd: 0n,
        priceBookVersion: '',
      })),
    },
  });

/** Publishes what lies on QUOTA about a customer once more, as an outbox does whose service was killed before it was cleared. */
async function publishAgain(customer: string, kinds: readonly string[]): Promise<void> {
  const stream = await (await jetstreamManager(nc)).streams.info('QUOTA');
  const consumer = await jetstream(nc).consumers.get('QUOTA', { deliver_policy: DeliverPolicy.All });
  const subjects = kinds.map((kind) => quotaSubject(kind));
  let again = 0;
  for await (const { subject, data } of await consumer.fetch({ max_messages: stream.state.messages, expires: 2_000 })) {
    if (!subjects.includes(subject) || !Buffer.from(data).includes(customer)) continue;
    await sql.query('insert into quota.outbox (event_id, subject, payload) values ($1, $2, $3)', [`again ${customer} ${again++}`, subject, Buffer.from(data)]);
  }
  expect(again).toBeGreaterThan(0);
  await eventually(async () => expect((await sql.query('select 1 from quota.outbox')).rowCount).toBe(0));
  const { state } = await (await jetstreamManager(nc)).streams.info('QUOTA');
  await eventually(async () => expect((await sql.query('select sequence::int from alerting.checkpoints')).rows[0].sequence).toBe(state.last_seq));
}

type Alert = { id: string; threshold_percent: number; value: string; status: string; crossing_number: number };
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
    await publishAgain('acme', ['threshold-crossed']);
    expect(await alertsOf('acme')).toHaveLength(2);
    expect((await sql.query('select count(*)::int as n from alerting.alert_history')).rows[0].n).toBe(2);
  });

  it('a correction that takes the value under a threshold resolves its alert, and usage that crosses it again reopens the same one, untold', async () => {
    await call(quota.url, 'POST', '/v1/quotas', { customer_id: 'corrected', metric: 'requests', limit: 1_000, thresholds: [80] });
    await use('corrected', 900);
    const [raised] = await eventually(async () => {
      const alerts = await alertsOf('corrected');
      return alerts.length > 0 && alerts;
    });
    expect(raised).toMatchObject({ status: 'active', value: '900' });
    await correct('corrected', 900, 500);
    await eventually(async () => expect(await alertsOf('corrected')).toMatchObject([{ id: raised!.id, status: 'resolved', resolved_at: expect.any(String) }]));
    await use('corrected', 350);
    const reopened = { id: raised!.id, status: 'active', value: '850', crossing_number: 2, reopened_count: 1, resolved_at: null };
    await eventually(async () => expect(await alertsOf('corrected')).toMatchObject([reopened]));
    // The end of the first crossing, once more, behind the second crossing.
    await publishAgain('corrected', ['threshold-crossed', 'threshold-uncrossed']);
    await publishAgain('corrected', ['threshold-uncrossed']);
    expect(await alertsOf('corrected')).toMatchObject([reopened]);
    expect((await call(alerting.url, 'GET', `/v1/alerts/${raised!.id}/history`)).body).toMatchObject({
      data: [
        { change: 'raised', value: '900', crossing_number: 1 },
        { change: 'resolved', value: '500', crossing_number: 1 },
        { change: 'reopened', value: '850', crossing_number: 2 },
      ],
    });
    const told = alerting.log().split('\n').filter((line) => line.includes('"corrected"') && (JSON.parse(line) as { level: number }).level >= 40);
    expect(told).toHaveLength(1);
  });

  it('usage that arrives 40 days late raises the alert of its own month', async () => {
    await call(quota.url, 'POST', '/v1/quotas', { customer_id: 'late', metric: 'requests', limit: 1_000, thresholds: [80] });
    await use('late', 799);
    await use('late', 801, '2023-10-07T00:00:00Z');
    await eventually(async () => expect(await alertsOf('late')).toMatchObject([{ period_start: '2023-10-01', value: '801', status: 'active' }]));
  });

  it('an hour in which much is held back is one alert of the operator, however much more follows', async () => {
    const held = (outcomes: Outcome[], recordedAt: string) =>
      price({ usage: usageOf('held', outcomes.map(() => 1), NOW), outcomes: Uint8Array.from(outcomes), costs: new Uint8Array(16 * outcomes.length), recordedAtUs: Date.parse(recordedAt) * 1000 });
    const { quarantined, late, duplicate } = Outcome;
    await held([quarantined, late, duplicate, late], '2023-11-16T10:00:00Z');
    await held([quarantined, quarantined, quarantined, quarantined], '2023-11-16T11:00:00Z');
    await held([late, late, quarantined], '2023-11-16T10:59:59.999Z');
    await held([late, late, quarantined], '2023-11-16T10:30:00Z');
    const expected = [{ kind: 'quarantine_growth', hour_start: '2023-11-16T10:00:00.000Z', customer_id: null, limit: '5', status: 'active' }];
    await eventually(async () => expect((await call(alerting.url, 'GET', '/v1/alerts?kind=quarantine_growth')).body).toMatchObject({ data: expected }));
    await publishAgain('', ['quarantine-grew']);
    const { data } = (await call(alerting.url, 'GET', '/v1/alerts?kind=quarantine_growth')).body as { data: { value: string }[] };
    expect(data).toMatchObject(expected);
    expect(Number(data[0]!.value)).toBeGreaterThanOrEqual(5);
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
