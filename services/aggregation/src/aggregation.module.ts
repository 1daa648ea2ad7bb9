import { randomUUID } from 'node:crypto';
import { type BeforeApplicationShutdown, type DynamicModule, Inject, Module, type OnApplicationBootstrap, type OnApplicationShutdown } from '@nestjs/common';
import { type ClickHouseClient, connectClickHouse, connectionOf, createClickHouse } from '@ledgerline/clickhouse';
import { type Clock } from '@ledgerline/kernel';
import { connectNats, ensureStreams, JetStreamBatchStrategy, type NatsConnection } from '@ledgerline/messaging';
import { KYSELY, LeaseManager, PG_POOL, PostgresModule } from '@ledgerline/postgres';
import { CLOCK, LOGGER, METER, Readiness } from '@ledgerline/service-kit';
import { type Meter } from '@opentelemetry/api';
import { type Kysely } from 'kysely';
import { type Pool } from 'pg';
import { type Logger } from 'pino';
import { ClickHouseUsageStore, sinkQueryId } from './adapters/clickhouse-usage-store.js';
import { LEASE_SCOPE, PostgresRangeLedger } from './adapters/postgres-range-ledger.js';
import { PostgresShardRecord } from './adapters/postgres-shard-record.js';
import { ClickHouseSealStore } from './adapters/retention/clickhouse-seal-store.js';
import { jetStreamUsageEnd } from './adapters/retention/jetstream-usage-end.js';
import { PostgresSealLedger, RETENTION_SCOPE } from './adapters/retention/postgres-seal-ledger.js';
import { SinkMetrics } from './adapters/sink-metrics.js';
import { fixShards } from './application/fix-shards.js';
import { KeepRetention } from './application/retention/keep-retention.js';
import { RetentionWorker } from './application/retention/retention-worker.js';
import { SinkBatches } from './application/sink-batches.js';
import { type AggregationConfig } from './config.js';
import { PricedController } from './consumers/priced.controller.js';
import { clickHouseMigrations } from './migrations/clickhouse.js';
import { postgresMigrations, SCHEMA } from './migrations/postgres.js';

const CLICKHOUSE = Symbol('CLICKHOUSE');
const RETENTION_CLICKHOUSE = Symbol('RETENTION_CLICKHOUSE');
const NATS = Symbol('NATS');

/** The largest batch read at once: about as many rows as one insert carries. */
const MAX_BATCH_BYTES = 6 * 1024 * 1024;
const MAX_BATCH_MESSAGES = 1_000;
const DAY_MS = 24 * 60 * 60 * 1000;
/** A month of rows may take a while to be summed up. */
const RETENTION_TIMEOUT_MS = 30 * 60_000;

@Module({})
export class AggregationModule implements OnApplicationBootstrap, BeforeApplicationShutdown, OnApplicationShutdown {
  constructor(
    @Inject(RetentionWorker) private readonly retention: RetentionWorker,
    @Inject(RETENTION_CLICKHOUSE) private readonly retentionClickHouse: ClickHouseClient,
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
        { provide: RETENTION_CLICKHOUSE, useFactory: () => openRetentionClickHouse(config) },
        { provide: NATS, useFactory: () => openBroker(config) },
        { provide: RetentionWorker, inject: [KYSELY, PG_POOL, RETENTION_CLICKHOUSE, NATS, CLOCK, LOGGER], useFactory: createRetention.bind(null, config) },
        { provide: SinkBatches, inject: [KYSELY, CLICKHOUSE, LOGGER, METER], useFactory: createSink.bind(null, config) },
        { provide: JetStreamBatchStrategy, inject: [NATS, PG_POOL, SinkBatches, Readiness, LOGGER, METER], useFactory: createStrategy.bind(null, config) },
      ],
    };
  }

  async onApplicationBootstrap(): Promise<void> {
    await this.retention.start();
  }

  async beforeApplicationShutdown(): Promise<void> {
    await this.retention.stop();
  }

  async onApplicationShutdown(): Promise<void> {
    await this.retentionClickHouse.close();
    await this.nats.close();
    await this.clickHouse.close();
  }
}

function openClickHouse(config: AggregationConfig): Promise<ClickHouseClient> {
  return connectClickHouse({ url: config.CLICKHOUSE_URL, applicationName: `ledgerline-aggregation/${config.INSTANCE_ID}` }, { owner: SCHEMA, migrations: clickHouseMigrations });
}

function openRetentionClickHouse(config: AggregationConfig): ClickHouseClient {
  return createClickHouse({ url: config.CLICKHOUSE_URL, applicationName: `ledgerline-aggregation/${config.INSTANCE_ID}`, requestTimeoutMs: RETENTION_TIMEOUT_MS, maxConnections: 2 });
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

function createRetention(config: AggregationConfig, db: Kysely<unknown>, pool: Pool, clickHouse: ClickHouseClient, nats: NatsConnection, clock: Clock, logger: Logger): RetentionWorker {
  const { database } = connectionOf(config.CLICKHOUSE_URL);
  const sinks = Array.from({ length: config.AGGREGATION_SHARDS }, (_, shard) => sinkQueryId(database, shard));
  const keepRetention = new KeepRetention({
    store: new ClickHouseSealStore(clickHouse, sinks),
    ledger: new PostgresSealLedger(db),
    usageEnd: jetStreamUsageEnd(nats),
    clock,
    generation: config.GENERATION,
    partitions: config.PARTITIONS,
    keepMs: config.RETENTION_DAYS * DAY_MS,
    graceMs: config.SEALED_GRACE_MS,
    newSeal: randomUUID,
    logger,
  });
  const lease = new LeaseManager({ pool, schema: SCHEMA, scope: RETENTION_SCOPE, units: 1, instanceId: config.INSTANCE_ID, ttlMs: config.LEASE_TTL_MS, logger });
  return new RetentionWorker(keepRetention, lease, config.RETENTION_EVERY_MS, logger);
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
