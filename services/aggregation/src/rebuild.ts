import { connectClickHouse, connectionOf } from '@ledgerline/clickhouse';
import { connectNats } from '@ledgerline/messaging';
import { createKysely, createPool } from '@ledgerline/postgres';
import { type JobTerms, openHistory, rebuildProjection, type RebuildOutcome, runJob } from '@ledgerline/rebuild';
import { ClickHouseBesideTables } from './adapters/clickhouse-beside-tables.js';
import { ClickHouseUsageStore } from './adapters/clickhouse-usage-store.js';
import { PostgresSinkLedger } from './adapters/postgres-sink-ledger.js';
import { BESIDE } from './adapters/usage-tables.js';
import { RebuildRows } from './application/rebuild-rows.js';
import { type AggregationConfig, aggregationConfig } from './config.js';
import { clickHouseMigrations } from './migrations/clickhouse.js';
import { SCHEMA } from './migrations/postgres.js';

const NAME = 'ledgerline-aggregation/rebuild';
/** A comparison reads every row. */
const QUERY_TIMEOUT_MS = 3_600_000;

/** Builds the rows of ClickHouse anew. */
async function rebuild(config: AggregationConfig, terms: JobTerms): Promise<RebuildOutcome> {
  const { database } = connectionOf(config.CLICKHOUSE_URL);
  const clickHouse = await connectClickHouse(
    { url: config.CLICKHOUSE_URL, applicationName: NAME, requestTimeoutMs: QUERY_TIMEOUT_MS },
    { owner: SCHEMA, migrations: clickHouseMigrations },
  );
  const nats = await connectNats(config.NATS_URL, NAME);
  const db = createKysely<unknown>(createPool(config.DATABASE_URL, { applicationName: NAME, max: 3 }));
  try {
    const history = openHistory(nats, config.GENERATION, process.env);
    const rows = new RebuildRows({
      history,
      store: new ClickHouseUsageStore(clickHouse, database, BESIDE),
      tables: new ClickHouseBesideTables(clickHouse, database, config.GENERATION, config.AGGREGATION_SHARDS),
      ledger: new PostgresSinkLedger(db, config.GENERATION),
      keepOld: process.argv.includes('--keep-old'),
    });
    return await rebuildProjection(history, rows, { onProgress: (added, total) => terms.progress(added, total), accept: (differences) => terms.accept(differences) });
  } finally {
    await Promise.all([nats.close(), db.destroy(), clickHouse.close()]);
  }
}

await runJob(aggregationConfig, rebuild);
