import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { jetstream } from '@nats-io/jetstream';
import { connectClickHouse, selectRows } from '@ledgerline/clickhouse';
import { pricedSubject } from '@ledgerline/contracts';
import { formatUsd } from '@ledgerline/kernel';
import { connectNats, ensureStreams, type NatsConnection, publishEnvelope } from '@ledgerline/messaging';
import { eventually, freePorts, freshDatabase, type FreshDatabase, freshNats, type FreshNats, pricedBytes, type RunningService, runOf, type Server, startClickhouse, startService } from '@ledgerline/testing';
import { clickHouseMigrations } from './migrations/clickhouse.js';

const PARTITIONS = 4;
const ROWS = 400;
const MESSAGES = 60;

let nats: FreshNats;
let database: FreshDatabase;
let clickHouse: Server;
let nc: NatsConnection;
let folder: string;
let ports: { httpPort: number; tcpPort: number };
const running = new Set<RunningService>();

const startStore = (): Promise<Server> => startClickhouse({ dataDir: join(folder, 'clickhouse'), password: 'test', ...ports });

async function startSink(): Promise<RunningService> {
  const sink = await startService('aggregation', {
    NATS_URL: nats.url,
    DATABASE_URL: database.url,
    CLICKHOUSE_URL: clickHouse.url,
    PARTITIONS: String(PARTITIONS),
    STREAM_MAX_BYTES: String(256 * 1024 ** 2),
    LEASE_TTL_MS: '1500',
  }, { until: 'listening' });
  running.add(sink);
  return sink;
}

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'ledgerline-sink-'));
  const [httpPort, tcpPort] = (await freePorts(2)) as [number, number];
  ports = { httpPort, tcpPort };
  [nats, database, clickHouse] = await Promise.all([freshNats(), freshDatabase(), startStore()]);
  nc = await connectNats(nats.url, 'sink-spec');
  await ensureStreams(nc, { generation: 1, partitions: PARTITIONS, maxBytes: 256 * 1024 ** 2, kinds: ['PRICED'] });
  await (await connectClickHouse({ url: clickHouse.url, applicationName: 'spec' }, { owner: 'aggregation', migrations: clickHouseMigrations })).close();
}, 60_000);

afterAll(async () => {
  await Promise.all([...running].map((service) => service.stop()));
  await nc?.close();
  await Promise.all([nats?.stop(), database?.drop(), clickHouse?.kill9()]);
  rmSync(folder, { recursive: true, force: true });
});

interface Totals {
  rows: string;
  tokens: string;
  cost: string;
  sources: string;
}

async function totals(): Promise<Totals> {
  const client = await connectClickHouse({ url: clickHouse.url, applicationName: 'spec' }, { owner: 'aggregation', migrations: clickHouseMigrations });
  try {
    const query = 'SELECT count() AS rows, sum(toInt128(input_tokens)) AS tokens, sum(cost_usd) AS cost, uniqExact(source_partition, source_sequence) AS sources FROM usage_events';
    return (await selectRows<Totals>(client, query))[0]!;
  } finally {
    await client.close();
  }
}

it('sinks killed, frozen and thawed, and the store killed in mid-insert, change no total', async () => {
  let cost = 0n;
  let tokens = 0;
  let published = 0;
  const js = jetstream(nc);
  /** One PRICED message for each partition. */
  const publish = async (): Promise<void> => {
    const sequence = ++published;
    for (let partition = 0; partition < PARTITIONS; partition++) {
      const events = Array.from({ length: ROWS }, (_, i) => ({ customer: `c-${i % 9}`, usage: { input_tokens: i * sequence }, costPico: BigInt(i + partition) * 1_000_003n }));
      for (const event of events) {
        cost += event.costPico;
        tokens += event.usage.input_tokens;
      }
      await publishEnvelope(js, pricedSubject(1, partition), pricedBytes(partition, [runOf(partition, sequence, events)]), { timeoutMs: 5_000 });
    }
  };
  const publishTo = async (count: number): Promise<void> => {
    while (published < count) await publish();
  };
  const [first, second] = await Promise.all([startSink(), startSink()]);

  await publishTo(15);
  first.kill('SIGKILL');
  await publishTo(25);
  await clickHouse.kill9();
  await publishTo(30);
  clickHouse = await startStore();
  const third = await startSink();
  await publishTo(40);
  third.kill('SIGSTOP');
  second.kill('SIGSTOP');
  const fourth = await startSink();
  await publishTo(50);
  await eventually(async () => expect((await totals()).sources).toBe(String(50 * PARTITIONS)), { timeoutMs: 20_000, intervalMs: 200 });
  second.kill('SIGCONT');
  third.kill('SIGCONT');
  await publishTo(MESSAGES);
  fourth.kill('SIGKILL');
  await eventually(async () => expect(Number((await totals()).sources)).toBeGreaterThanOrEqual(MESSAGES * PARTITIONS), { timeoutMs: 20_000, intervalMs: 200 });
  expect(await totals()).toEqual({ rows: String(MESSAGES * PARTITIONS * ROWS), tokens: String(tokens), cost: formatUsd(cost), sources: String(MESSAGES * PARTITIONS) });
}, 120_000);
