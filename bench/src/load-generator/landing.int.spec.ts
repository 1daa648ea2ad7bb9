import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { freshClickhouse, freshDatabase, freshNats, startService } from '@ledgerline/testing';
import { Landing } from '../stack/landing.js';
import { generateLoad } from './generate-load.js';
import { type LoadJob } from './job.js';

const ADMIN_KEY = 'bench-admin-key-0123456789';
const ends: (() => Promise<unknown>)[] = [];
let landing: Landing;
let job: Omit<LoadJob, 'run'>;

beforeAll(async () => {
  const [nats, database, clickhouse] = await Promise.all([freshNats(), freshDatabase(), freshClickhouse()]);
  ends.push(() => nats.stop(), () => database.drop(), () => clickhouse.drop());
  const env = {
    NATS_URL: nats.url,
    DATABASE_URL: database.url,
    CLICKHOUSE_URL: clickhouse.url,
    GENERATION: '1',
    PARTITIONS: '2',
    USAGE_ID_KEY: '000102030405060708090a0b0c0d0e0f',
    ADMIN_KEY,
    STREAM_MAX_BYTES: String(64 * 1024 * 1024),
  };
  const services = [await startService('accounts', env), ...(await Promise.all(['ingest', 'pricing', 'aggregation', 'quota'].map((name) => startService(name, env))))];
  landing = new Landing({ clickhouseUrl: clickhouse.url, databaseUrl: database.url });
  ends.unshift(() => landing.close(), () => Promise.all(services.map((service) => service.stop())));
  job = { port: Number(new URL(services[1]!.url).port), path: '/v1/events', key: ADMIN_KEY, batchSize: 50, customers: 1_000, connections: 8 };
}, 120_000);

afterAll(async () => {
  for (const end of ends) await end();
}, 60_000);

describe('the load of the benchmark', () => {
  it('lands whole: every event a priced row and counted, token sums as the generator reported them', async () => {
    const batches = await generateLoad({ ...job, run: 'batches', events: 4_000 });
    const singles = await generateLoad({ ...job, run: 'singles', batchSize: 1, connections: 64, events: 300 });
    await landing.untilLanded(4_300);
    expect(await landing.all()).toEqual({
      rows: 4_300,
      counted: 4_300,
      unpriced: 0,
      inputTokens: batches.inputTokens + singles.inputTokens,
      outputTokens: batches.outputTokens + singles.outputTokens,
    });
  });

  it('adds nothing when the same run is sent again', async () => {
    await generateLoad({ ...job, run: 'batches', events: 1_000 });
    await generateLoad({ ...job, run: 'after', events: 500 });
    await landing.untilLanded(4_800);
    expect(await landing.all()).toMatchObject({ rows: 4_800, counted: 4_800 });
  });
});
