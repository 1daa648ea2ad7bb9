import { jetstreamManager } from '@nats-io/jetstream';
import { connectClickHouse, connectionOf } from '@ledgerline/clickhouse';
import { decodePricedEnvelope } from '@ledgerline/contracts';
import { connectNats, type NatsConnection, readLastMessage, streamOf } from '@ledgerline/messaging';
import { createKysely, createPool } from '@ledgerline/postgres';
import { openHistory, runJob } from '@ledgerline/rebuild';
import { ClickHouseLostRows } from './adapters/clickhouse-lost-rows.js';
import { ClickHouseUsageStore } from './adapters/clickhouse-usage-store.js';
import { PostgresRangeLedger } from './adapters/postgres-range-ledger.js';
import { completeRows } from './application/complete-rows.js';
import { forgetLostRows } from './application/forget-lost-rows.js';
import { type AggregationConfig, aggregationConfig } from './config.js';
import { clickHouseMigrations } from './migrations/clickhouse.js';
import { SCHEMA } from './migrations/postgres.js';

const NAME = 'ledgerline-aggregation/recover';
const QUERY_TIMEOUT_MS = 3_600_000;

/** Part of a recovery: makes the rows of the closed generation, GENERATION, what is left of its log: takes out what it has no more, adds what was not in yet. */
async function recover(config: AggregationConfig): Promise<{ removedRows: number }> {
  const { GENERATION: generation, AGGREGATION_SHARDS: shards } = config;
  const { database } = connectionOf(config.CLICKHOUSE_URL);
  const clickHouse = await connectClickHouse(
    { url: config.CLICKHOUSE_URL, applicationName: NAME, requestTimeoutMs: QUERY_TIMEOUT_MS },
    { owner: SCHEMA, migrations: clickHouseMigrations },
  );
  const nats = await connectNats(config.NATS_URL, NAME);
  const db = createKysely<unknown>(createPool(config.DATABASE_URL, { applicationName: NAME, max: 1 }));
  try {
    const ends = await readEnds(nats, config);
    const removedRows = await forgetLostRows(new ClickHouseLostRows(clickHouse, database, generation, shards), new Map([...ends].map(([partition, { source }]) => [partition, source])));
    const progress = new Map((await new PostgresRangeLedger(db, generation).load([...ends.keys()])).map((one) => [one.partition, one]));
    for (const [partition, { priced: pricedEnd }] of ends) {
      const stored = progress.get(partition);
      const closed = { generation, partition, priced: stored?.checkpoint?.sequence ?? 0, source: stored?.sourceSequence ?? 0, pricedEnd };
      await completeRows(new ClickHouseUsageStore(clickHouse, database), openHistory(nats, generation, process.env), shards, closed);
    }
    return { removedRows };
  } finally {
    await Promise.all([nats.close(), clickHouse.close(), db.destroy()]);
  }
}

/** By partition, where PRICED ends, and the last USAGE sequence that it has the outcomes of. */
async function readEnds(nats: NatsConnection, { GENERATION, PARTITIONS }: AggregationConfig): Promise<Map<number, { priced: number; source: number }>> {
  const jsm = await jetstreamManager(nats);
  const ends = new Map<number, { priced: number; source: number }>();
  for (let partition = 0; partition < PARTITIONS; partition++) {
    const last = await readLastMessage(jsm, streamOf('PRICED', GENERATION, partition).stream);
    ends.set(partition, last === null ? { priced: 0, source: 0 } : { priced: last.sequence, source: decodePricedEnvelope(last.data).sourceTo });
  }
  return ends;
}

await runJob(aggregationConfig, recover);
