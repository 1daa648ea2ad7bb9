import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { type BeforeApplicationShutdown, type DynamicModule, Inject, Module, type OnApplicationBootstrap, type OnApplicationShutdown } from '@nestjs/common';
import { type ArchiveStore, openArchiveStore } from '@ledgerline/archive-store';
import { type Clock } from '@ledgerline/kernel';
import { connectNats, ensureStreams, type NatsConnection } from '@ledgerline/messaging';
import { KYSELY, leaseMigration, LeaseManager, PG_POOL, PostgresModule, streamIdMigration } from '@ledgerline/postgres';
import { CLOCK, LOGGER, METER, Readiness } from '@ledgerline/service-kit';
import { type Meter } from '@opentelemetry/api';
import { type Kysely } from 'kysely';
import { type Pool } from 'pg';
import { type Logger } from 'pino';
import { ArchiveMetrics } from './adapters/archive-metrics.js';
import { JetStreamPartitionLog } from './adapters/jetstream-partition-log.js';
import * as createArchive from './adapters/migrations/0001-create-archive.js';
import { LEASE_SCOPE, PostgresArchiveLedger, SCHEMA } from './adapters/postgres-archive-ledger.js';
import { PostgresLogReaders } from './adapters/postgres-log-readers.js';
import { ArchivePartition } from './application/archive-partition.js';
import { TakeTurns } from './application/take-turns.js';
import { TrimPartition } from './application/trim-partition.js';
import { type ArchiveConfig } from './config.js';

const NATS = Symbol('NATS');
const STORE = Symbol('STORE');
const DAY_MS = 24 * 60 * 60 * 1000;
/** While a partition fails the service is not ready: it should not say so long after the reason is gone. */
const RETRY_MS = 2_000;

export const migrations = {
  '0001_leases': leaseMigration(SCHEMA),
  '0002_create_archive': createArchive,
  '0003_stream_id': streamIdMigration(SCHEMA, 'partitions'),
};

/** Puts the archive service together. */
@Module({})
export class ArchiveModule implements OnApplicationBootstrap, BeforeApplicationShutdown, OnApplicationShutdown {
  constructor(
    @Inject(TakeTurns) private readonly turns: TakeTurns,
    @Inject(NATS) private readonly nats: NatsConnection,
    @Inject(STORE) private readonly store: ArchiveStore,
    @Inject(Readiness) private readonly readiness: Readiness,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  static forRoot(config: ArchiveConfig): DynamicModule {
    return {
      module: ArchiveModule,
      imports: [PostgresModule.forRoot({ schema: SCHEMA, migrations })],
      providers: [
        { provide: NATS, useFactory: () => openBroker(config) },
        { provide: STORE, useFactory: () => openArchiveStore(config.ARCHIVE_URL ?? pathToFileURL(resolve(join(config.DATA_DIR, 'archive'))).href, config) },
        { provide: TakeTurns, inject: [KYSELY, PG_POOL, NATS, STORE, CLOCK, LOGGER, METER], useFactory: createTurns.bind(null, config) },
      ],
    };
  }

  async onApplicationBootstrap(): Promise<void> {
    this.readiness.register('archive', () => {
      const [problem] = this.turns.problems;
      return problem === undefined ? { ok: true } : { ok: false, reason: `partition ${problem[0]}: ${problem[1]}` };
    });
    this.readiness.register('broker', () => (this.nats.isClosed() ? { ok: false, reason: 'the broker is away' } : { ok: true }));
    this.logger.info({ archive: this.store.location }, 'the archive');
    await this.turns.start();
  }

  async beforeApplicationShutdown(): Promise<void> {
    await this.turns.stop();
  }

  async onApplicationShutdown(): Promise<void> {
    await this.nats.close();
  }
}

async function openBroker(config: ArchiveConfig): Promise<NatsConnection> {
  const nats = await connectNats(config.NATS_URL, `ledgerline-archive/${config.INSTANCE_ID}`);
  await ensureStreams(nats, { generation: config.GENERATION, partitions: config.PARTITIONS, maxBytes: config.STREAM_MAX_BYTES, kinds: ['USAGE', 'PRICED'] });
  return nats;
}

function createTurns(config: ArchiveConfig, db: Kysely<unknown>, pool: Pool, nats: NatsConnection, store: ArchiveStore, clock: Clock, logger: Logger, meter: Meter): TakeTurns {
  const { GENERATION: generation, PARTITIONS: units, INSTANCE_ID: instanceId, LEASE_TTL_MS: ttlMs } = config;
  const ledger = new PostgresArchiveLedger(db, generation);
  const log = new JetStreamPartitionLog(nats, generation);
  const metrics: ArchiveMetrics = new ArchiveMetrics(meter, () => turns.problems.size);
  const turns = new TakeTurns({
    archive: new ArchivePartition({
      generation,
      store,
      ledger,
      log,
      clock,
      maxBytes: config.ARCHIVE_FILE_MAX_BYTES,
      maxAgeMs: config.ARCHIVE_FILE_MAX_AGE_MS,
      onFile: (file) => metrics.written(file),
    }),
    trim: new TrimPartition({
      ledger,
      log,
      readers: new PostgresLogReaders(db, generation),
      clock,
      keepMs: Math.max(config.LOG_RETENTION_DAYS, config.PRICING_INDEX_WINDOW_DAYS) * DAY_MS,
      onProgress: (partition, archivedSequence, trimmed) => metrics.reached(partition, archivedSequence, trimmed),
    }),
    leases: new LeaseManager({ pool, schema: SCHEMA, scope: LEASE_SCOPE, units, instanceId, ttlMs, logger }),
    everyMs: config.ARCHIVE_EVERY_MS,
    retryMs: RETRY_MS,
    logger,
  });
  return turns;
}
