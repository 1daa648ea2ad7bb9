import { type DynamicModule, Inject, Module, type OnApplicationShutdown } from '@nestjs/common';
import { type ClickHouseClient, connectClickHouse, connectionOf } from '@ledgerline/clickhouse';
import { connectNats, ensureStreams, JetStreamBatchStrategy, type NatsConnection } from '@ledgerline/messaging';
import { KYSELY, LeaseManager, PG_POOL, PostgresModule } from '@ledgerline/postgres';
import { LOGGER, METER, Readiness } from '@ledgerline/service-kit';
import { type Meter } from '@opentelemetry/api';
import { type Kysely } from 'kysely';
import { type Pool } from 'pg';
import { type Logger } from 'pino';
import { ClickHouseUsageStore } from './adapters/clickhouse-usage-store.js';
import { LEASE_SCOPE, PostgresRangeLedger } from './adapters/postgres-range-ledger.js';
import { PostgresShardRecord } from './adapters/postgres-shard-record.js';
import { SinkMetrics } from './adapters/sink-metrics.js';
import { fixShards } from './application/fix-shards.js';
import { SinkBatches } from './application/sink-batches.js';
import { type AggregationConfig } from './config.js';
import { PricedController } from './consumers/priced.controller.js';
import { clickHouseMigrations } from './migrations/clickhouse.js';
import { postgresMigrations, SCHEMA } from './migrations/postgres.js';

const CLICKHOUSE = Symbol('CLICKHOUSE');
const NATS = Symbol('NATS');

/** The largest batch read at once: about as many rows as one insert carries. */
const MAX_BATCH_BYTES = 6 * 1024 * 1024;
const MAX_BATCH_MESSAGES = 1_000;

@Module({})
export class AggregationModule implements OnApplicationShutdown {
  constructor(
    @Inject(CLICKHOUSE) private readonly clickHouse: ClickHouseClient,
    @Inject(NATS) private readonly nats: NatsConnection,
  ) {}

  static forRoot(config: AggregationConfig): DynamicModule {
    return {
      module: AggregationModule,
      imports: [PostgresModule.forRoot({ schema: SCHEMA, migrations: postgresMigrations })],
      controllers: [PricedController],
      providers: [
        { provide: CLICKHOUSE, useFactory: () => openClickHouse(config) },
        { provide: NATS, useFactory: () => openBroker(config) },
        { provide: SinkBatches, inject: [KYSELY, CLICKHOUSE, LOGGER, METER], useFactory: createSink.bind(null, config) },
        { provide: JetStreamBatchStrategy, inject: [NATS, PG_POOL, SinkBatches, Readiness, LOGGER, METER], useFactory: createStrategy.bind(null, config) },
      ],
    };
  }

  async onApplicationShutdown(): Promise<void> {
    await this.nats.close();
    await this.clickHouse.close();
  }
}

function openClickHouse(config: AggregationConfig): Promise<ClickHouseClient> {
  return connectClickHouse({ url: config.CLICKHOUSE_URL, applicationName: `ledgerline-aggregation/${config.INSTANCE_ID}` }, { owner: SCHEMA, migrations: clickHouseMigrations });
}

async function openBroker(config: AggregationConfig): Promise<NatsConnection> {
  const nats = await connectNats(config.NATS_URL, `ledgerline-aggregation/${config.INSTANCE_ID}`);
  await ensureStreams(nats, { generation: config.GENERATION, partitions: config.PARTITIONS, maxBytes: config.STREAM_MAX_BYTES, kinds: ['PRICED'] });
  return nats;
}

async function createSink(config: AggregationConfig, db: Kysely<unknown>, clickHouse: ClickHouseClient, logger: Logger, meter: Meter): Promise<SinkBatches> {
  await fixShards(new PostgresShardRecord(db), config.AGGREGATION_SHARDS);
  const metrics = new SinkMetrics(meter);
  return new SinkBatches({
    shards: config.AGGREGATION_SHARDS,
    ledger: new PostgresRangeLedger(db, config.GENERATION),
    store: new ClickHouseUsageStore(clickHouse, connectionOf(config.CLICKHOUSE_URL).database),
    logger,
    onInserted: (range, inserts, elapsedMs) => metrics.inserted(range, inserts, elapsedMs),
  });
}

function createStrategy(config: AggregationConfig, nc: NatsConnection, pool: Pool, sink: SinkBatches, readiness: Readiness, logger: Logger, meter: Meter): JetStreamBatchStrategy {
  const leases = new LeaseManager({
    pool,
    schema: SCHEMA,
    scope: LEASE_SCOPE,
    units: config.AGGREGATION_SHARDS,
    instanceId: config.INSTANCE_ID,
    ttlMs: config.LEASE_TTL_MS,
    logger,
  });
  return new JetStreamBatchStrategy({
    nc,
    kind: 'PRICED',
    generation: config.GENERATION,
    partitions: config.PARTITIONS,
    units: config.AGGREGATION_SHARDS,
    leases,
    mode: 'unit',
    maxMessages: MAX_BATCH_MESSAGES,
    maxBytes: MAX_BATCH_BYTES,
    maxWaitMs: 0,
    checkpoints: sink,
    readiness,
    logger,
    meter,
  });
}
