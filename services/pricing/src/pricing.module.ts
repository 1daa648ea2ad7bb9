import { randomBytes } from 'node:crypto';
import { type DynamicModule, type INestApplication, Inject, Module, type OnApplicationShutdown } from '@nestjs/common';
import { type CustomTransportStrategy } from '@nestjs/microservices';
import { usageIdKey } from '@ledgerline/domain-metering';
import { seedPriceBook } from '@ledgerline/domain-pricing';
import { type ClickHouseClient, createClickHouse } from '@ledgerline/clickhouse';
import { SegmentedIdempotencyIndexes } from '@ledgerline/idempotency-index';
import { connectNats, ensureStreams, JetStreamBatchStrategy, type NatsConnection } from '@ledgerline/messaging';
import { KYSELY, leaseMigration, LeaseManager, PG_POOL, PostgresModule } from '@ledgerline/postgres';
import { LOGGER, METER, Readiness } from '@ledgerline/service-kit';
import { type Meter } from '@opentelemetry/api';
import { type Kysely } from 'kysely';
import { type Pool } from 'pg';
import { type Logger } from 'pino';
import { correctionMigration } from './adapters/corrections/correction-migration.js';
import { PostgresCorrectionLedgers } from './adapters/corrections/postgres-correction-ledger.js';
import { type PricingDatabase } from './adapters/corrections/pricing-database.js';
import { ClickHouseStoredEvents } from './adapters/stored-events/clickhouse-stored-events.js';
import { keptFromUs } from './adapters/stored-events/postgres-kept-from.js';
import { JetStreamPricedLog } from './adapters/jetstream-priced-log.js';
import { OtelOutcomeCounter } from './adapters/otel-outcome-counter.js';
import { PostgresOwnership } from './adapters/postgres-ownership.js';
import { PricePartition } from './application/price-partition.js';
import { PricePartitions } from './application/price-partitions.js';
import { type PricingConfig } from './config.js';
import { UsageConsumer } from './consumers/usage.consumer.js';
import { indexCopyFolder, indexFolder } from './index-folder.js';

const NATS = Symbol('NATS');
const CLICKHOUSE = Symbol('CLICKHOUSE');
const SCHEMA = 'pricing';
const LEASES = 'usage';
/** One PRICED message's worth of USAGE: the outcomes of what is gathered at once should mostly fit one message. */
const BATCH_MESSAGES = 64;
/** A batch waits this long for more: where single events come in a crowd, one message then carries many of their envelopes. */
const BATCH_WAIT_MS = 10;
const BATCH_BYTES = 640_000;
const PREFETCH_BYTES = 2 * 1024 * 1024;

/** Puts the pricing service together. */
@Module({})
export class PricingModule implements OnApplicationShutdown {
  constructor(
    @Inject(NATS) private readonly nc: NatsConnection,
    @Inject(CLICKHOUSE) private readonly clickHouse: ClickHouseClient,
    @Inject(PricePartitions) private readonly partitions: PricePartitions,
  ) {}

  static forRoot(config: PricingConfig): DynamicModule {
    return {
      module: PricingModule,
      imports: [PostgresModule.forRoot({ schema: SCHEMA, migrations: { '0001_create_leases': leaseMigration(SCHEMA), '0002_create_corrections': correctionMigration } })],
      controllers: [UsageConsumer],
      providers: [
        { provide: NATS, useFactory: () => connectBroker(config) },
        { provide: CLICKHOUSE, useFactory: () => createClickHouse({ url: config.CLICKHOUSE_URL, applicationName: `ledgerline-pricing/${config.INSTANCE_ID}` }) },
        {
          provide: LeaseManager,
          inject: [PG_POOL, LOGGER],
          useFactory: (pool: Pool, logger: Logger) =>
            new LeaseManager({
              pool,
              schema: SCHEMA,
              scope: LEASES,
              units: config.PARTITIONS,
              instanceId: config.INSTANCE_ID,
              ttlMs: config.LEASE_TTL_MS,
              logger,
            }),
        },
        {
          provide: PricePartitions,
          inject: [NATS, CLICKHOUSE, PG_POOL, KYSELY, LeaseManager, METER, LOGGER],
          useFactory: pricePartitions.bind(null, config),
        },
      ],
    };
  }

  async onApplicationShutdown(): Promise<void> {
    await this.partitions.releaseAll();
    await this.nc.close();
    await this.clickHouse.close();
  }
}

/** The transport that feeds `UsageConsumer`: a runner for each partition whose lease is held. */
export function usageStrategy(app: INestApplication, config: PricingConfig): CustomTransportStrategy {
  return new JetStreamBatchStrategy({
    nc: app.get<NatsConnection>(NATS),
    kind: 'USAGE',
    generation: config.GENERATION,
    partitions: config.PARTITIONS,
    leases: app.get(LeaseManager),
    mode: 'unit',
    maxMessages: BATCH_MESSAGES,
    maxBytes: BATCH_BYTES,
    maxWaitMs: BATCH_WAIT_MS,
    prefetchBytes: PREFETCH_BYTES,
    checkpoints: app.get(UsageConsumer),
    readiness: app.get(Readiness),
    logger: app.get<Logger>(LOGGER),
    meter: app.get<Meter>(METER),
  });
}

async function connectBroker(config: PricingConfig): Promise<NatsConnection> {
  const nc = await connectNats(config.NATS_URL, `ledgerline-pricing/${config.INSTANCE_ID}`);
  await ensureStreams(nc, { generation: config.GENERATION, partitions: config.PARTITIONS, maxBytes: config.STREAM_MAX_BYTES, kinds: ['USAGE', 'PRICED'] });
  return nc;
}

function pricePartitions(
  config: PricingConfig,
  nc: NatsConnection,
  clickHouse: ClickHouseClient,
  pool: Pool,
  db: Kysely<unknown>,
  leases: LeaseManager,
  meter: Meter,
  logger: Logger,
): PricePartitions {
  const { GENERATION: generation, PARTITIONS: partitions, INSTANCE_ID: instance } = config;
  const key = usageIdKey(config.USAGE_ID_KEY);
  const book = seedPriceBook(config.FIRECRAWL_USD_PER_CREDIT);
  const indexes = new SegmentedIdempotencyIndexes({
    directory: indexFolder(config),
    windowDays: config.PRICING_INDEX_WINDOW_DAYS,
    copyDirectory: indexCopyFolder(config),
    onWarning: (error, partition) => logger.warn({ err: error, partition }, 'the idempotency index could not do its work in the background; it will be tried again'),
  });
  const ownership = new PostgresOwnership(db, SCHEMA, LEASES, leases);
  const ledgers = new PostgresCorrectionLedgers(db as Kysely<PricingDatabase>);
  const counter = new OtelOutcomeCounter(meter);
  // A restarted process of the same name must not take the old one's messages for its own.
  const writerId = `${instance}/${randomBytes(8).toString('hex')}`;
  const workers = new PricePartitions(
    (partition) =>
      new PricePartition({
        terms: { generation, partition, partitions, key },
        book,
        log: new JetStreamPricedLog(nc, generation, partition, config.PUBLISH_TIMEOUT_MS),
        indexes,
        ownership,
        ledger: ledgers.open(generation, partition),
        stored: new ClickHouseStoredEvents(clickHouse, { generation, partition }, () => keptFromUs(pool)),
        writerId,
        onRuns: (runs) => counter.count(runs),
      }),
  );
  leases.onLose((partition) => {
    workers.release(partition).catch((error: Error) => logger.warn({ err: error, partition }, 'the idempotency index could not be closed'));
  });
  meter.createObservableGauge('ledgerline_pricing_identities', { description: 'Identities in the idempotency index' }).addCallback((result) => {
    for (const [partition, count] of workers.identities()) result.observe(count, { partition });
  });
  return workers;
}
