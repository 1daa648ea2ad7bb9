import { randomUUID } from 'node:crypto';
import { request } from 'node:http';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { type ClickHouseClient, connectClickHouse, connectionOf, encodeNativeBlock, selectRows } from '@ledgerline/clickhouse';
import { decodePricedEnvelope, QUANTITIES } from '@ledgerline/contracts';
import { formatUsd } from '@ledgerline/kernel';
import { type PartitionBatch } from '@ledgerline/messaging';
import { createKysely, createPool, LeaseLostError, migrate } from '@ledgerline/postgres';
import { type EventSpec, freshClickhouse, type FreshClickhouse, freshDatabase, type FreshDatabase, pricedBytes, runOf } from '@ledgerline/testing';
import { type Kysely, sql } from 'kysely';
import { ClickHouseUsageStore, rowsOf, sinkQueryId } from './adapters/clickhouse-usage-store.js';
import { LEASE_SCOPE, PostgresRangeLedger } from './adapters/postgres-range-ledger.js';
import { insertSql } from './adapters/range-sql.js';
import { ClickHouseSealStore } from './adapters/retention/clickhouse-seal-store.js';
import { PostgresSealLedger, RETENTION_SCOPE } from './adapters/retention/postgres-seal-ledger.js';
import { planRanges } from './application/plan-ranges.js';
import { KeepRetention, type RetentionOptions } from './application/retention/keep-retention.js';
import { type SealStore } from './application/retention/ports.js';
import { SinkBatches } from './application/sink-batches.js';
import { clickHouseMigrations } from './migrations/clickhouse.js';
import { postgresMigrations, SCHEMA } from './migrations/postgres.js';

let clickHouse: FreshClickhouse;
let database: FreshDatabase;
let client: ClickHouseClient;
let db: Kysely<unknown>;
let sink: SinkBatches;

const CLAIM = { epoch: 1 };
const logger = { info() {}, warn() {} } as never;
const us = (year: number, month: number, day = 15): number => Date.UTC(year, month - 1, day) * 1000;
/** 200 days after the last recorded event of the tests. */
const LATER_MS = Date.UTC(2027, 5, 20);

beforeEach(async () => {
  [clickHouse, database] = await Promise.all([freshClickhouse(), freshDatabase()]);
  client = await connectClickHouse({ url: clickHouse.url, applicationName: 'retention-spec' }, { owner: SCHEMA, migrations: clickHouseMigrations });
  db = createKysely(createPool(database.url, { applicationName: 'retention-spec', max: 3 }));
  await migrate(db, { schema: SCHEMA, migrations: postgresMigrations });
  await sql`insert into aggregation.leases (scope, unit, owner, epoch) values (${LEASE_SCOPE}, 0, 'me', 1), (${RETENTION_SCOPE}, 0, 'me', 1)`.execute(db);
  sink = new SinkBatches({ shards: 1, ledger: new PostgresRangeLedger(db, 1), store: new ClickHouseUsageStore(client, clickHouse.database), logger });
  await sink.loadCheckpoints([0, 1]);
  nextSequence = 1;
});
afterEach(async () => {
  await client.close();
  await db.destroy();
  await Promise.all([clickHouse.drop(), database.drop()]);
});

let nextSequence = 1;
function batchOf(messages: { partition: number; data: Uint8Array }[]): PartitionBatch {
  const batch: PartitionBatch = { unit: 0, messages: [], epochs: new Map([[0, 1]]), heads: new Map() };
  for (const { partition, data } of messages) {
    const sequence = nextSequence++;
    batch.messages.push({ partition, sequence, timestampUs: 0, subject: '', data });
    batch.heads.set(partition, { sequence, streamId: 'then', messageDigest: `digest-${sequence}`, highestSeen: sequence });
  }
  return batch;
}

const events = (count: number, recordedAtUs: number, over: EventSpec = {}): EventSpec[] =>
  Array.from({ length: count }, (_, i) => ({ usage: { input_tokens: 9_007_199_254_740_991 - i, seconds: '0.000000001' }, costPico: BigInt(i) * 1_000_001n, customer: `c-${i % 3}`, model: `m-${i % 2}`, occurredAtUs: recordedAtUs - i * 3_600_000_000, ...over }));

const run = (partition: number, sequence: number, count: number, recordedAtUs: number, over: EventSpec = {}) => runOf(partition, sequence, events(count, recordedAtUs, over), recordedAtUs);

/** September, October and November 2026 in both partitions. */
const history = () =>
  [0, 1].map((partition) => ({ partition, data: pricedBytes(partition, [run(partition, 1, 40, us(2026, 9)), run(partition, 2, 30, us(2026, 9, 20), { occurredAtUs: us(2026, 7, 3) }), run(partition, 3, 20, us(2026, 10)), run(partition, 4, 10, us(2026, 11))]) }));

const storeWith = (queryIds = [sinkQueryId(clickHouse.database, 0)]): ClickHouseSealStore => new ClickHouseSealStore(client, queryIds);
const retention = (over: Partial<RetentionOptions> = {}): KeepRetention =>
  new KeepRetention({
    store: storeWith(),
    ledger: new PostgresSealLedger(db),
    usageEnd: (_, partition) => Promise.resolve([4, 4][partition] ?? null),
    clock: { nowMs: () => LATER_MS },
    generation: 1,
    partitions: 2,
    keepMs: 90 * 24 * 3_600_000,
    graceMs: 0,
    newSeal: randomUUID,
    logger,
    ...over,
  });

/** Everything by every dimension and day, as those who read it add it up: rows of months that are not sealed, and committed summaries. */
const everything = async (): Promise<unknown[]> => {
  const sums = ['event_count', 'unpriced_count', 'cost_usd', ...QUANTITIES.map(({ name }) => name)];
  const keys = 'customer_id, project_id, provider, model, operation';
  const made = (name: string): string => (QUANTITIES.some((quantity) => quantity.name === name && !quantity.decimal) ? `sum(toInt128(${name}))` : `sum(${name})`);
  return selectRows(
    client,
    `SELECT ${keys}, day, ${sums.map((name) => `sum(s_${name}) AS total_${name}`).join(', ')} FROM (
       SELECT ${keys}, toDate32(occurred_at) AS day, ${sums.map((name) => `${made(name)} AS s_${name}`).join(', ')} FROM usage_events
       WHERE toYYYYMM(recorded_at) NOT IN (SELECT recorded_month FROM sealed_months) GROUP BY ${keys}, day
       UNION ALL
       SELECT ${keys}, occurred_day, ${sums.join(', ')} FROM sealed_summaries WHERE (recorded_month, seal) IN (SELECT recorded_month, min(seal) FROM sealed_months GROUP BY recorded_month)
     ) GROUP BY ${keys}, day ORDER BY ${keys}, day`,
  );
};
const rowsByMonth = async () => (await clickHouse.query('SELECT toYYYYMM(recorded_at), count() FROM usage_events GROUP BY 1 ORDER BY 1')).trim();
const sealed = async () => (await sql<{ recorded_month: number; dropped: boolean }>`select recorded_month, dropped from aggregation.published_sealed_months order by 1`.execute(db)).rows;
const turns = async (keeper: KeepRetention, count = 6): Promise<void> => {
  for (let turn = 0; turn < count; turn++) await keeper.execute(CLAIM);
};

describe('retention', () => {
  it('seals and drops every month that is old enough, and every sum stays exact', async () => {
    await sink.handle(batchOf(history()));
    const before = await everything();
    expect(before.length).toBeGreaterThan(20);
    await turns(retention());
    expect(await rowsByMonth()).toBe('');
    expect(await sealed()).toEqual([202609, 202610, 202611].map((recorded_month) => ({ recorded_month, dropped: true })));
    expect(await everything()).toEqual(before);
  });

  it('leaves a month until its last day is older than the retention', async () => {
    await sink.handle(batchOf(history()));
    const at = (nowMs: number) => turns(retention({ clock: { nowMs: () => nowMs } }));
    await at(Date.UTC(2026, 9, 1) + 90 * 24 * 3_600_000 - 1);
    expect(await sealed()).toEqual([]);
    await at(Date.UTC(2026, 9, 1) + 90 * 24 * 3_600_000);
    expect(await sealed()).toEqual([{ recorded_month: 202609, dropped: true }]);
    expect(await rowsByMonth()).toBe('202610\t40\n202611\t20');
  });

  it('leaves a month, and those after it, while a partition may still bring rows of it', async () => {
    await sink.handle(batchOf(history()));
    await turns(retention({ usageEnd: (_, partition) => Promise.resolve(partition === 1 ? 5 : 4) }));
    // What partition 1 stored last was recorded in November: only that month may still be growing.
    expect(await sealed()).toEqual([202609, 202610].map((recorded_month) => ({ recorded_month, dropped: true })));
  });

  it('keeps the rows of a sealed month for reads that began before it was sealed', async () => {
    await sink.handle(batchOf(history()));
    const keeper = retention({ graceMs: 3_600_000 });
    await turns(keeper);
    expect(await sealed()).toEqual([202609, 202610, 202611].map((recorded_month) => ({ recorded_month, dropped: false })));
    expect(await rowsByMonth()).toBe('202609\t140\n202610\t40\n202611\t20');
  });

  it('publishes the exact totals of each partition, with the position up to which they are whole', async () => {
    await sink.handle(batchOf(history()));
    await turns(retention());
    const { rows } = await sql<Record<string, unknown>>`select * from aggregation.published_sealed_partitions where recorded_month = 202609 order by partition`.execute(db);
    const cost = [...events(40, us(2026, 9)), ...events(30, us(2026, 9))].reduce((sum, { costPico }) => sum + costPico!, 0n);
    const tokens = [40n, 30n].reduce((sum, count) => sum + count * 9_007_199_254_740_991n - (count * (count - 1n)) / 2n, 0n);
    expect(rows).toHaveLength(2);
    expect(rows[1]).toMatchObject({ generation: 1, partition: 1, source_to: 4, row_count: 70, event_count: 70, unpriced_count: 0, originals: 70, unique_originals: 70 });
    expect(Number(rows[1]!['cost_usd'])).toBe(Number(formatUsd(cost)));
    expect(rows[1]!['quantities']).toMatchObject({ input_tokens: String(tokens), seconds: '0.00000007', output_tokens: '0' });
    const hash = await sql<{ since: string }>`select (extract(epoch from kept_from) * 1000)::bigint::text as since from aggregation.published_retention`.execute(db);
    expect(Number(hash.rows[0]!.since)).toBe(Date.UTC(2026, 11, 1));
  });

  it('adds what is recorded later to the month in which it occurred, and overwrites nothing', async () => {
    await sink.handle(batchOf(history()));
    await turns(retention());
    const before = (await everything()) as { day: string; total_event_count: string }[];
    await sink.handle(batchOf([{ partition: 0, data: pricedBytes(0, [run(0, 5, 7, us(2027, 6), { occurredAtUs: us(2026, 7, 3), customer: 'c-0', model: 'm-0', costPico: 1n })]) }]));
    const count = (rows: { day: string; total_event_count: string }[]) => rows.filter(({ day }) => day === '2026-07-03').reduce((sum, row) => sum + Number(row.total_event_count), 0);
    const after = (await everything()) as { day: string; total_event_count: string }[];
    expect([count(before), count(after)]).toEqual([60, 67]);
    await turns(retention({ clock: { nowMs: () => Date.UTC(2027, 11, 1) }, usageEnd: (_, partition) => Promise.resolve(partition === 0 ? 5 : 4) }));
    expect(await rowsByMonth()).toBe('');
    expect(await everything()).toEqual(after);
  });
});

describe('a fault', () => {
  const METHODS = ['months', 'prepare', 'totals', 'commit', 'drop'] as const;
  it.each(METHODS.flatMap((method) => [[method, 'before'], [method, 'after']] as const))('%s: killed %s it, retention does it again, exactly', async (method, moment) => {
    await sink.handle(batchOf(history()));
    const before = await everything();
    let left = 2;
    const store = storeWith();
    const dying = new Proxy(store, {
      get: (target, name) => {
        const value = target[name as keyof SealStore] as (...args: unknown[]) => Promise<unknown>;
        if (name !== method) return typeof value === 'function' ? value.bind(target) : value;
        return async (...args: unknown[]) => {
          if (left-- <= 0) return value.apply(target, args);
          if (moment === 'after') await value.apply(target, args);
          throw new Error('killed');
        };
      },
    });
    for (let turn = 0; turn < 7; turn++) {
      await retention({ store: dying }).execute(CLAIM).catch((error: Error) => expect(error.message).toBe('killed'));
      expect(await everything()).toEqual(before);
    }
    expect(await rowsByMonth()).toBe('');
    expect(await sealed()).toEqual([202609, 202610, 202611].map((recorded_month) => ({ recorded_month, dropped: true })));
    expect((await clickHouse.query('SELECT uniqExact(seal) FROM sealed_summaries')).trim()).toBe('3');
  });

  it('in the sums stops it before anything is dropped', async () => {
    await sink.handle(batchOf(history()));
    const store = storeWith();
    const lossy: SealStore = Object.assign(Object.create(store) as ClickHouseSealStore, {
      prepare: async (month: number, seal: string) => {
        await clickHouse.query(`INSERT INTO sealed_summaries (recorded_month, seal, customer_id, occurred_day, row_count, event_count) VALUES (${month}, '${seal}', 'c-0', '2026-09-01', 1, 1)`);
        await store.prepare(month, seal, [{ generation: 1, partition: 0, sourceSequence: 4 }, { generation: 1, partition: 1, sourceSequence: 4 }]);
      },
    });
    await expect(retention({ store: lossy }).execute(CLAIM)).rejects.toThrow('the summaries of 202609 are not those of its rows: the sums by day differ');
    const forgetful: SealStore = Object.assign(Object.create(store) as ClickHouseSealStore, {
      prepare: (month: number, seal: string) => store.prepare(month, seal, [{ generation: 1, partition: 0, sourceSequence: 4 }]),
    });
    await expect(retention({ store: forgetful }).execute(CLAIM)).rejects.toThrow('the sums by partition differ');
    expect(await sealed()).toEqual([]);
    expect(await rowsByMonth()).toContain('202609\t140');
  });

  it('that moved the lease on stops it before the commit', async () => {
    await sink.handle(batchOf(history()));
    await expect(retention().execute({ epoch: 0 })).rejects.toThrow(LeaseLostError);
    expect((await clickHouse.query('SELECT count() FROM sealed_months')).trim()).toBe('0');
  });

  it('that loses Postgres\'s memory of the seal is mended from ClickHouse', async () => {
    await sink.handle(batchOf(history()));
    await turns(retention());
    const before = (await sql`select * from aggregation.published_sealed_partitions order by 1, 2, 3`.execute(db)).rows;
    await sql`truncate aggregation.sealed_months cascade`.execute(db);
    await turns(retention(), 1);
    expect((await sql`select * from aggregation.published_sealed_partitions order by 1, 2, 3`.execute(db)).rows).toEqual(before);
    expect((await sealed()).every(({ dropped }) => dropped)).toBe(true);
  });
});

describe('a replay after the drop', () => {
  it('adds nothing, though the sink\'s own memory of it is lost', async () => {
    const messages = history();
    await sink.handle(batchOf(messages));
    await turns(retention());
    const before = await everything();
    await sql`delete from aggregation.partition_progress`.execute(db);
    await sink.loadCheckpoints([0, 1]);
    await sink.handle(batchOf([...messages, { partition: 1, data: pricedBytes(1, [run(1, 5, 3, us(2027, 6))]) }]));
    expect(await rowsByMonth()).toBe('202706\t3');
    const after = (await everything()) as { day: string }[];
    expect(after.filter(({ day }) => !day.startsWith('2027'))).toEqual(before);
  });

  it('of rows that the seal does not cover stops the sink rather than losing them', async () => {
    await sink.handle(batchOf(history()));
    await turns(retention());
    await expect(sink.handle(batchOf([{ partition: 0, data: pricedBytes(0, [run(0, 5, 3, us(2026, 9, 30))]) }]))).rejects.toThrow('the store holds 0 rows of a range of 3: partition 0 sources 5..5');
  });

  it.each([
    ['that is ended before the drop', true],
    ['that nobody could end', false],
  ])('by a writer frozen in mid-body %s adds nothing', async (_, ended) => {
    const data = pricedBytes(0, [run(0, 1, 9_000, us(2026, 9))]);
    const range = planRanges([decodePricedEnvelope(data)], new Map(), 60_000)[0]!;
    const columns = rowsOf(range).columns();
    const body = encodeNativeBlock(columns);
    const { url, username, password, database: name } = connectionOf(clickHouse.url);
    const search = new URLSearchParams({ query: insertSql(columns, range), query_id: sinkQueryId(name, 0), database: name, user: username, password, wait_end_of_query: '1', max_query_size: String(body.length + 1_000_000) });
    const frozen = request(`${url}/?${search}`, { method: 'POST', headers: { 'transfer-encoding': 'chunked' } });
    const answered = new Promise<string>((resolve) => {
      frozen.on('error', () => resolve('ended'));
      frozen.on('response', (response) => response.resume().on('end', () => resolve(String(response.headers['x-clickhouse-summary']))));
    });
    await new Promise((resolve) => frozen.write(body.subarray(0, body.length >> 1), resolve));
    await sink.handle(batchOf([{ partition: 0, data }]));
    await turns(retention({ store: storeWith(ended ? undefined : []), usageEnd: (__, partition) => Promise.resolve(partition === 0 ? 1 : 0) }), 2);
    expect(await sealed()).toEqual([{ recorded_month: 202609, dropped: true }]);
    frozen.end(body.subarray(body.length >> 1));
    await answered;
    expect(await rowsByMonth()).toBe('');
  });
});
