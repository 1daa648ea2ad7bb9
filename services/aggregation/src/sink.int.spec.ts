import { request } from 'node:http';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { type ClickHouseClient, connectClickHouse, connectionOf, encodeNativeBlock, selectRows } from '@ledgerline/clickhouse';
import { decodePricedEnvelope, Outcome } from '@ledgerline/contracts';
import { formatUsd } from '@ledgerline/kernel';
import { type PartitionBatch } from '@ledgerline/messaging';
import { createKysely, createPool, LeaseLostError, migrate } from '@ledgerline/postgres';
import { eventually, freshClickhouse, type FreshClickhouse, freshDatabase, type FreshDatabase, garbageRun, pricedBytes, RECORDED_AT_US, runOf } from '@ledgerline/testing';
import { type Kysely, sql } from 'kysely';
import { ClickHouseUsageStore, rowsOf } from './adapters/clickhouse-usage-store.js';
import { LEASE_SCOPE, PostgresRangeLedger } from './adapters/postgres-range-ledger.js';
import { insertSql } from './adapters/range-sql.js';
import { planRanges } from './application/plan-ranges.js';
import { type PreparedRange, type UsageStore } from './application/ports.js';
import { SinkBatches } from './application/sink-batches.js';
import { clickHouseMigrations } from './migrations/clickhouse.js';
import { postgresMigrations, SCHEMA } from './migrations/postgres.js';

let clickHouse: FreshClickhouse;
let database: FreshDatabase;
let client: ClickHouseClient;
let db: Kysely<unknown>;
let store: ClickHouseUsageStore;
let sink: SinkBatches;

const logger = { info() {}, warn() {} } as never;
const sinkOver = (usageStore: UsageStore): SinkBatches => new SinkBatches({ shards: 1, ledger: new PostgresRangeLedger(db, 1), store: usageStore, logger });

beforeEach(async () => {
  [clickHouse, database] = await Promise.all([freshClickhouse(), freshDatabase()]);
  client = await connectClickHouse({ url: clickHouse.url, applicationName: 'sink-spec' }, { owner: SCHEMA, migrations: clickHouseMigrations });
  db = createKysely(createPool(database.url, { applicationName: 'sink-spec', max: 3 }));
  await migrate(db, { schema: SCHEMA, migrations: postgresMigrations });
  await sql`insert into aggregation.leases (scope, unit, owner, epoch) values (${LEASE_SCOPE}, 0, 'me', 1)`.execute(db);
  store = new ClickHouseUsageStore(client, clickHouse.database);
  sink = sinkOver(store);
  await sink.loadCheckpoints([0, 1]);
});
afterEach(async () => {
  await client.close();
  await db.destroy();
  await Promise.all([clickHouse.drop(), database.drop()]);
});

let nextSequence = 1;
/** A batch of PRICED messages, as the transport hands it over. */
function batchOf(messages: { partition: number; data: Uint8Array }[], epoch = 1): PartitionBatch {
  const batch: PartitionBatch = { unit: 0, messages: [], epochs: new Map([[0, epoch]]), heads: new Map() };
  for (const { partition, data } of messages) {
    const sequence = nextSequence++;
    batch.messages.push({ partition, sequence, timestampUs: 0, subject: '', data });
    batch.heads.set(partition, { sequence, streamId: 'then', messageDigest: `digest-${sequence}`, highestSeen: sequence });
  }
  return batch;
}

const totals = async () => (await selectRows<{ rows: string; events: string; cost: string; tokens: string }>(client, 'SELECT count() AS rows, sum(event_count) AS events, sum(cost_usd) AS cost, sum(input_tokens) AS tokens FROM usage_events'))[0]!;
const many = (count: number) => Array.from({ length: count }, (_, i) => ({ usage: { input_tokens: i }, costPico: BigInt(i) * 1_000_001n, customer: `c-${i % 7}` }));

describe('a row of usage_events', () => {
  it('holds every field of its event, exactly', async () => {
    const occurredAtUs = RECORDED_AT_US - 5_000_001;
    const run = runOf(1, 9, [
      {
        id: 'evt-1', customer: 'acme', project: 'p', user: 'u-1', provider: 'openai', model: 'gpt-4o', operation: 'chat', tags: { team: 'ä', n: '1' }, clientCost: '0.000000000123',
        transactionId: 'tx', requestMetadata: '{"a":1}', status: 'error', errorCode: 'rate_limited', latencyMs: 1234, occurredAtUs,
        usage: { input_tokens: 9007199254740991, output_tokens: 0, seconds: '8999999999.999999999', credits: '0.5' }, costPico: 123_456_789_012_345_678_901n,
      },
      { outcome: Outcome.unpriced, usage: {} },
    ]);
    await sink.handle(batchOf([{ partition: 1, data: pricedBytes(1, [{ ...run, sourceSequence: 1 }]) }]));
    const [row, second] = await selectRows<Record<string, unknown>>(client, 'SELECT * FROM usage_events ORDER BY source_index');
    expect(row).toMatchObject({
      usage_id: run.usageIds[0], id: 'evt-1', source: 'test', kind: 'recorded', customer_id: 'acme', project_id: 'p', user_id: 'u-1', provider: 'openai', model: 'gpt-4o', operation: 'chat', endpoint: '',
      context: 'customer', transaction_id: 'tx', status: 'error', error_code: 'rate_limited', latency_ms: '1234', tags: { team: 'ä', n: '1' }, request_metadata: '{"a":1}', response_metadata: '', api_key_id: 'key-1',
      client_cost_usd: '0.000000000123', cost_usd: '123456789.012345678901', price_book_version: 'book-1', event_count: 1, unpriced_count: 0, usage_mask: (1 << 0) | (1 << 4) | (1 << 11) | (1 << 12),
      input_tokens: '9007199254740991', output_tokens: '0', seconds: '8999999999.999999999', credits: '0.5', cached_input_tokens: '0',
      occurred_at: '2026-11-22 11:59:55.123455', recorded_at: '2026-11-22 12:00:00.123465', source_generation: 1, source_partition: 1, source_sequence: '1', source_index: 0,
    });
    expect(second).toMatchObject({ usage_id: run.usageIds[1], cost_usd: null, unpriced_count: 1, usage_mask: 0, status: 'ok', latency_ms: null, client_cost_usd: null, tags: {}, source_index: 1 });
  });

  it('is only made for what counts; what does not is kept in quarantine once, with reason and body', async () => {
    const run = runOf(0, 1, [{ id: 'a' }, { id: 'b', outcome: Outcome.duplicate }, { id: 'c', outcome: Outcome.quarantined, reason: { code: 'conflict', detail: 'differs' }, usage: { seconds: '1.5' } }]);
    const data = pricedBytes(0, [run, garbageRun(2, Buffer.from('garbage'))]);
    await sink.handle(batchOf([{ partition: 0, data }]));
    await store.quarantine([]);
    expect(await totals()).toMatchObject({ rows: '1' });
    const items = await selectRows<Record<string, string>>(client, 'SELECT * FROM quarantined_items FINAL ORDER BY source_sequence');
    expect(items).toMatchObject([
      { usage_id: run.usageIds[2], customer_id: 'acme', outcome: 'quarantined', code: 'conflict', detail: 'differs', encoding: 'json', source_index: 2 },
      { usage_id: null, code: 'undecodable', body: Buffer.from('garbage').toString('base64'), encoding: 'base64', recorded_at: '2026-11-22 12:00:00.123458' },
    ]);
    expect(JSON.parse(items[0]!['body']!)).toMatchObject({ id: 'c', customer_id: 'acme', usage: { seconds: '1.5' } });
  });
});

describe('a range', () => {
  it('inserted again adds nothing, after a restart that lost the ledger too', async () => {
    const messages = [0, 1].map((partition) => ({ partition, data: pricedBytes(partition, [runOf(partition, 1, many(50)), runOf(partition, 2, many(30))]) }));
    await sink.handle(batchOf(messages));
    const before = await totals();
    expect(before).toMatchObject({ rows: '160', events: '160' });
    await sql`delete from aggregation.partition_progress`.execute(db);
    await sink.loadCheckpoints([0, 1]);
    await sink.handle(batchOf(messages));
    expect(await totals()).toEqual(before);
  });

  it('of which a part is there already is completed, nothing twice', async () => {
    const first = { partition: 0, data: pricedBytes(0, [runOf(0, 1, many(40))]) };
    const second = { partition: 0, data: pricedBytes(0, [runOf(0, 2, many(40)), runOf(0, 3, many(5))]) };
    await sink.handle(batchOf([first]));
    await sql`delete from aggregation.partition_progress`.execute(db);
    await sink.loadCheckpoints([0]);
    await sink.handle(batchOf([first, second]));
    expect(await totals()).toMatchObject({ rows: '85', tokens: String(780 + 780 + 10) });
  });

  it('emitted again by pricing under new PRICED positions is skipped by source position', async () => {
    const data = pricedBytes(0, [runOf(0, 1, many(20))]);
    await sink.handle(batchOf([{ partition: 0, data }]));
    await sink.handle(batchOf([{ partition: 0, data }, { partition: 0, data: pricedBytes(0, [runOf(0, 2, many(1))]) }]));
    expect(await totals()).toMatchObject({ rows: '21' });
  });

  it('is one part, with its sums in it, and costs and counts are exact', async () => {
    const events = many(60_000);
    const runs = Array.from({ length: 60 }, (_, i) => runOf(0, i + 1, events.slice(i * 1_000, (i + 1) * 1_000)));
    await sink.handle(batchOf(Array.from({ length: 10 }, (_, i) => ({ partition: 0, data: pricedBytes(0, runs.slice(i * 6, i * 6 + 6)) }))));
    const parts = await selectRows<{ name: string; rows: string }>(client, "SELECT name, rows FROM system.parts WHERE database = currentDatabase() AND table = 'usage_events' AND active");
    expect(parts).toEqual([{ name: expect.stringMatching(/^202611_(\d+)_\1_0$/), rows: '60000' }]);
    expect(await totals()).toEqual({ rows: '60000', events: '60000', tokens: String((60_000 * 59_999) / 2), cost: formatUsd(events.reduce((sum, { costPico }) => sum + costPico, 0n)) });
    expect(Number(await clickHouse.query("SELECT sum(rows) FROM system.projection_parts WHERE database = currentDatabase() AND name = 'quarter_hours' AND active"))).toBeGreaterThan(0);
  });

  it('is cut at the month in which it was recorded', async () => {
    const decemberUs = Date.UTC(2026, 11, 1) * 1000;
    await sink.handle(batchOf([{ partition: 0, data: pricedBytes(0, [runOf(0, 1, many(3), decemberUs - 1), runOf(0, 2, many(4), decemberUs)]) }]));
    expect(await selectRows(client, "SELECT partition, rows FROM system.parts WHERE database = currentDatabase() AND table = 'usage_events' AND active ORDER BY partition")).toEqual([{ partition: '202611', rows: '3' }, { partition: '202612', rows: '4' }]);
  });
});

describe('a fault', () => {
  /** The store, with something done around each insert. */
  const storeAround = (around: (insert: () => Promise<number>) => Promise<number>): UsageStore => ({
    prepare(claim, range): PreparedRange {
      const prepared = store.prepare(claim, range);
      return { insert: () => around(() => prepared.insert()), stored: () => prepared.stored() };
    },
    endInsert: (shard) => store.endInsert(shard),
    quarantine: (items) => store.quarantine(items),
    keepCorrections: (corrections) => store.keepCorrections(corrections),
  });

  it('after the insert and before its answer: the same batch again is exact', async () => {
    const batch = batchOf([{ partition: 0, data: pricedBytes(0, [runOf(0, 1, many(100))]) }]);
    const broken = sinkOver(storeAround(async (insert) => {
      await insert();
      throw new Error('connection lost');
    }));
    await broken.loadCheckpoints([0]);
    await expect(broken.handle(batch)).rejects.toThrow('connection lost');
    expect(await sql`select shard, row_count, epoch from aggregation.ranges_in_flight`.execute(db).then(({ rows }) => rows)).toEqual([{ shard: 0, row_count: 100, epoch: 1 }]);
    await sink.loadCheckpoints([0]);
    await sink.handle(batch);
    expect(await totals()).toMatchObject({ rows: '100', tokens: '4950' });
    expect(await sql`select * from aggregation.ranges_in_flight`.execute(db).then(({ rows }) => rows)).toEqual([]);
  });

  it('a count that is not the expected one is answered by the same insert, and the store is asked', async () => {
    let calls = 0;
    const doubting = sinkOver(storeAround(async (insert) => {
      const written = await insert();
      return ++calls === 1 ? written - 1 : written;
    }));
    await doubting.loadCheckpoints([0]);
    await doubting.handle(batchOf([{ partition: 0, data: pricedBytes(0, [runOf(0, 1, many(10))]) }]));
    expect(await totals()).toMatchObject({ rows: '10' });
  });

  it('rows that cannot be completed stop the sink', async () => {
    const [range] = planRanges([decodePricedEnvelope(pricedBytes(0, [runOf(0, 1, many(10))]))], new Map(), 100);
    await clickHouse.query(`INSERT INTO usage_events (usage_id, recorded_at, occurred_at, source_generation, source_partition, source_sequence) SELECT generateUUIDv4(), fromUnixTimestamp64Micro(${range!.recordedFromUs}, 'UTC'), now(), 1, 0, 1`);
    await expect(sink.handle(batchOf([{ partition: 0, data: pricedBytes(0, [range!.runs[0]!.run]) }]))).rejects.toThrow('the store holds 1 rows of a range of 10: partition 0 sources 1..1');
  });

  it('an insert left running by an earlier owner is ended, then the range goes in', async () => {
    const sleeping = client
      .query({ query: 'SELECT sleepEachRow(1) FROM numbers(600) SETTINGS max_block_size = 1', query_id: `sink-${clickHouse.database}-0` })
      .then((result) => result.text())
      .then(() => 'finished', () => 'ended');
    await eventually(async () => (await clickHouse.query(`SELECT count() FROM system.processes WHERE query_id = 'sink-${clickHouse.database}-0'`)).trim() === '1');
    await sink.handle(batchOf([{ partition: 0, data: pricedBytes(0, [runOf(0, 1, many(10))]) }]));
    expect(await totals()).toMatchObject({ rows: '10' });
    await sleeping;
  });

  it('a writer frozen in mid-body, thawed after its range went in by another, adds nothing', async () => {
    const data = pricedBytes(0, [runOf(0, 1, many(10_000)), runOf(0, 2, many(6_000))]);
    const range = planRanges([decodePricedEnvelope(data)], new Map(), 60_000)[0]!;
    const columns = rowsOf(range).columns();
    const body = encodeNativeBlock(columns);
    const { url, username, password, database: name } = connectionOf(clickHouse.url);
    const search = new URLSearchParams({ query: insertSql(columns, range), query_id: `sink-${name}-0`, database: name, user: username, password, wait_end_of_query: '1', max_query_size: String(body.length + 1_000_000) });
    const frozen = request(`${url}/?${search}`, { method: 'POST', headers: { 'transfer-encoding': 'chunked' } });
    const answered = new Promise<string>((resolve, reject) => {
      frozen.on('error', reject);
      frozen.on('response', (response) => response.resume().on('end', () => resolve(String(response.headers['x-clickhouse-summary']))));
    });
    await new Promise((resolve) => frozen.write(body.subarray(0, body.length >> 1), resolve));
    await sink.handle(batchOf([{ partition: 0, data }]));
    frozen.end(body.subarray(body.length >> 1));
    expect(await answered).toContain('"written_rows":"0"');
    expect(await totals()).toMatchObject({ rows: '16000' });
  });

  it('a lease that moved on stops the sink before it sends anything', async () => {
    await sql`update aggregation.leases set epoch = 2, owner = 'another'`.execute(db);
    await expect(sink.handle(batchOf([{ partition: 0, data: pricedBytes(0, [runOf(0, 1, many(3))]) }]))).rejects.toThrow(LeaseLostError);
    expect(await totals()).toMatchObject({ rows: '0' });
  });
});

describe('progress', () => {
  const published = async () => (await sql<Record<string, unknown>>`select partition, source_sequence, (extract(epoch from recorded_at) * 1000000)::bigint as recorded_at_us from aggregation.published_progress order by partition`.execute(db)).rows;

  it('is published once rows are in the store, over sources without any row too', async () => {
    await sink.handle(batchOf([{ partition: 0, data: pricedBytes(0, [runOf(0, 1, many(5)), runOf(0, 2, [{ outcome: Outcome.duplicate }])]) }]));
    expect(await published()).toEqual([{ partition: 0, source_sequence: 2, recorded_at_us: RECORDED_AT_US + 2 }]);
  });

  it('of a full batch is recorded with the next, or soon without one', async () => {
    await sink.handle(batchOf([{ partition: 0, data: pricedBytes(0, [runOf(0, 1, many(12_000))]) }]));
    await eventually(async () => expect(await published()).toMatchObject([{ source_sequence: 1 }]));
  });

  it('comes back as the checkpoint to read on from', async () => {
    const batch = batchOf([{ partition: 1, data: pricedBytes(1, [runOf(1, 1, many(5))]) }]);
    await sink.handle(batch);
    expect(await sinkOver(store).loadCheckpoints([0, 1])).toEqual(batch.heads);
  });
});
