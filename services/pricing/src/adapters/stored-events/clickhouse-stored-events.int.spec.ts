import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { type ClickHouseClient, createClickHouse } from '@ledgerline/clickhouse';
import { decodeUsageEnvelope, Outcome, pricedSubject } from '@ledgerline/contracts';
import { fingerprints } from '@ledgerline/domain-metering';
import { connectNats, ensureStreams, type NatsConnection, publishEnvelope } from '@ledgerline/messaging';
import { createPool } from '@ledgerline/postgres';
import { eventually, freshClickhouse, type FreshClickhouse, freshDatabase, type FreshDatabase, freshNats, type FreshNats, pricedBytes, runOf, type RunningService, startService } from '@ledgerline/testing';
import { jetstream } from '@nats-io/jetstream';
import { type Pool } from 'pg';
import { recordedEvent } from '../../application/corrections/find-original.js';
import { KEY, terms } from '../../../test/usage-events.js';
import { ClickHouseStoredEvents } from './clickhouse-stored-events.js';
import { keptFromUs } from './postgres-kept-from.js';

let nats: FreshNats;
let database: FreshDatabase;
let clickHouse: FreshClickhouse;
let nc: NatsConnection;
let aggregation: RunningService;
let client: ClickHouseClient;
let pool: Pool;
let stored: ClickHouseStoredEvents;

const run = runOf(0, 1, [
  {
    id: 'all "fields"',
    customer: 'acme',
    project: 'search',
    operation: 'chat',
    tags: { b: 'two', a: 'one "quoted"' },
    clientCost: '0.0043',
    transactionId: 'order-9',
    status: 'error',
    errorCode: '500',
    latencyMs: 12,
    usage: { input_tokens: 9_007_199_254_740_991, output_tokens: 0, seconds: '1.000000001' },
    costPico: 123_456_789_012_345_678_901n,
  },
  { id: 'plain', outcome: Outcome.unpriced, usage: { units: '0.5' } },
  { id: 'other', customer: 'other' },
]);

beforeAll(async () => {
  [nats, database, clickHouse] = await Promise.all([freshNats(), freshDatabase(), freshClickhouse()]);
  nc = await connectNats(nats.url, 'test');
  await ensureStreams(nc, { generation: 1, partitions: 1, maxBytes: 8 * 1024 ** 2, kinds: ['PRICED'] });
  await publishEnvelope(jetstream(nc), pricedSubject(1, 0), pricedBytes(0, [run]), { timeoutMs: 5_000 });
  client = createClickHouse({ url: clickHouse.url, applicationName: 'test' });
  pool = createPool(database.url, { applicationName: 'test' });
  stored = new ClickHouseStoredEvents(client, { generation: 1, partition: 0 }, () => keptFromUs(pool));
});
afterAll(async () => {
  await aggregation?.stop();
  await Promise.all([client.close(), pool.end(), nc.close()]);
  await Promise.all([nats.stop(), database.drop(), clickHouse.drop()]);
});

describe('events as the stored rows have them', () => {
  it('are complete since ever while nothing was dropped, before the rows have an owner too', async () => {
    expect(await stored.completeSinceUs()).toBe(0);
    aggregation = await startService('aggregation', { NATS_URL: nats.url, DATABASE_URL: database.url, CLICKHOUSE_URL: clickHouse.url, PARTITIONS: '1', AGGREGATION_SHARDS: '1', STREAM_MAX_BYTES: String(8 * 1024 ** 2) });
    expect(await stored.completeSinceUs()).toBe(0);
    await pool.query("insert into aggregation.retention (kept_from) values ('2026-08-01T00:00:00Z')");
    expect(await stored.completeSinceUs()).toBe(Date.UTC(2026, 7, 1) * 1000);
  }, 60_000);

  it('are what the log held: the same fields, quantities, cost and fingerprint', async () => {
    const recorded = [0, 1].map((row) => recordedEvent(run, row, 'book-1', terms()));
    for (const [row, { envelope, net }] of recorded.entries()) {
      const found = (await eventually(async () => (await stored.find(run.usageIds[row]!)) ?? Promise.reject(new Error('not stored yet')), { timeoutMs: 20_000 }))!;
      expect(found.net).toEqual(net);
      const columns = decodeUsageEnvelope(found.envelope);
      expect(fieldsOf(found.envelope)).toEqual(fieldsOf(envelope));
      expect([...fingerprints(KEY, columns)]).toEqual([...fingerprints(KEY, decodeUsageEnvelope(envelope))]);
    }
  }, 60_000);

  it('are found by many addresses at once, each only under its own customer', async () => {
    const ids = run.usageIds.map((usageId) => ({ usageId, customerId: 'acme' }));
    expect([...(await stored.findAll(ids)).keys()].sort()).toEqual(run.usageIds.slice(0, 2).sort());
    expect((await stored.findAll([])).size).toBe(0);
    expect(await stored.find('00000000-0000-4000-8000-000000000000')).toBeNull();
  });
});

/** Everything but the order of the tags' keys, which ingest sorts, and the dictionary's. */
function fieldsOf(envelope: Uint8Array): unknown {
  const { dictionary, ids, customer, project, operation, provider, model, errorCode, clientCost, apiKey, tags, status, context, latencyMs, occurredAtUs, transactionIds } = decodeUsageEnvelope(envelope);
  const texts = [customer, project, operation, provider, model, errorCode, clientCost, apiKey].map((column) => dictionary[column[0]!]);
  return [ids, texts, dictionary[tags[0]!] === '' ? '' : JSON.parse(dictionary[tags[0]!]!), status[0], context[0], latencyMs[0], occurredAtUs[0], transactionIds];
}
