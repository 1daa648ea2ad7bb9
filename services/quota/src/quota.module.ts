import {
  type DynamicModule,
  type INestApplication,
  Inject,
  Module,
  type OnApplicationBootstrap,
  type BeforeApplicationShutdown,
} from '@nestjs/common';
import { type CustomTransportStrategy } from '@nestjs/microservices';
import { adminLogMigration, Changes, idempotencyMigration } from '@ledgerline/administration';
import { type Clock } from '@ledgerline/kernel';
import { JetStreamBatchStrategy } from '@ledgerline/messaging';
import { KYSELY, leaseMigration, LeaseManager, PG_POOL, PostgresModule, streamIdMigration } from '@ledgerline/postgres';
import { CLOCK, LOGGER, METER, Readiness } from '@ledgerline/service-kit';
import { type Meter } from '@opentelemetry/api';
import { type Kysely } from 'kysely';
import { type Pool } from 'pg';
import { type Logger } from 'pino';
import { Broker } from './adapters/broker.js';
import * as createProjection from './adapters/migrations/0001-create-projection.js';
import * as createQuotas from './adapters/migrations/0002-create-quotas.js';
import * as createQuarantineHours from './adapters/migrations/0004-create-quarantine-hours.js';
import { LOGGED_TABLES } from './adapters/logged-tables.js';
import { natsPublish } from './adapters/nats-publish.js';
import { loadCheckpoints } from './adapters/postgres-checkpoints.js';
import { PostgresOutbox } from './adapters/postgres-outbox.js';
import { PostgresOutboxSignal } from './adapters/postgres-outbox-signal.js';
import { PostgresQuotaReader } from './adapters/postgres-quotas.js';
import { PostgresQuotaStore } from './adapters/postgres-quota-store.js';
import { type QuotaDatabase } from './adapters/quota-database.js';
import { ChangeQuota } from './application/change-quota.js';
import { CountUsage } from './application/count-usage.js';
import { DeleteQuota } from './application/delete-quota.js';
import { OutboxWorker } from './application/outbox-worker.js';
import { PublishDecisions } from './application/publish-decisions.js';
import { SetQuota } from './application/set-quota.js';
import { type QuotaConfig } from './config.js';
import { BatchPace } from './consumers/batch-pace.js';
import {
  LOAD_CHECKPOINTS,
  PRICED_OPTIONS,
  PricedConsumer,
  type LoadStoredCheckpoints,
  type PricedOptions,
} from './consumers/priced.consumer.js';
import { QUOTA_READER, QuotasController } from './http/quotas.controller.js';

export const migrations = {
  '0001_create_projection': createProjection,
  '0002_create_quotas': createQuotas,
  '0003_create_leases': leaseMigration('quota'),
  '0004_create_quarantine_hours': createQuarantineHours,
  '0005_stream_id': streamIdMigration('quota', 'checkpoints'),
  '0006_create_admin_log': adminLogMigration('quota', LOGGED_TABLES),
  '0007_create_idempotent_answers': idempotencyMigration('quota'),
};

/** A decision that waits longer than this to be published makes the copy that should publish it not ready. */
const OUTBOX_LIMIT_MS = 30_000;

export const PRICED_LEASES = 'priced';
const OUTBOX_LEASE = 'outbox';

/** Puts the quota service together. */
@Module({})
export class QuotaModule implements OnApplicationBootstrap, BeforeApplicationShutdown {
  constructor(
    @Inject(OutboxWorker) private readonly outbox: OutboxWorker,
    @Inject(PostgresOutboxSignal) private readonly signal: PostgresOutboxSignal,
    @Inject(PostgresOutbox) private readonly waiting: PostgresOutbox,
    @Inject(Readiness) private readonly readiness: Readiness,
    @Inject(METER) private readonly meter: Meter,
  ) {}

  static forRoot(config: QuotaConfig): DynamicModule {
    const changing = (UseCase: typeof SetQuota | typeof ChangeQuota | typeof DeleteQuota) => ({
      provide: UseCase,
      inject: [PostgresQuotaStore, CLOCK, OutboxWorker],
      useFactory: (store: PostgresQuotaStore, clock: Clock, outbox: OutboxWorker) => new UseCase(store, clock, () => outbox.wake()),
    });
    return {
      module: QuotaModule,
      imports: [PostgresModule.forRoot({ schema: 'quota', migrations })],
      controllers: [QuotasController, PricedConsumer],
      providers: [
        { provide: Changes, inject: [KYSELY], useFactory: (db: Kysely<unknown>) => new Changes(db, { schema: 'quota' }) },
        { provide: Broker, useFactory: () => Broker.connect(config) },
        {
          provide: PostgresQuotaStore,
          inject: [KYSELY],
          useFactory: (db: Kysely<QuotaDatabase>) =>
            new PostgresQuotaStore({ db, generation: config.GENERATION, leaseScope: PRICED_LEASES }),
        },
        { provide: QUOTA_READER, inject: [KYSELY], useFactory: (db: Kysely<QuotaDatabase>) => new PostgresQuotaReader(db) },
        {
          provide: LOAD_CHECKPOINTS,
          inject: [KYSELY],
          useFactory:
            (db: Kysely<QuotaDatabase>): LoadStoredCheckpoints =>
            (partitions) =>
              loadCheckpoints(db, config.GENERATION, partitions),
        },
        { provide: PostgresOutbox, inject: [KYSELY], useFactory: (db: Kysely<QuotaDatabase>) => new PostgresOutbox(db) },
        {
          provide: OutboxWorker,
          inject: [PostgresOutbox, PG_POOL, Broker, LOGGER],
          useFactory: (outbox: PostgresOutbox, pool: Pool, broker: Broker, logger: Logger) =>
            new OutboxWorker(new PublishDecisions(outbox, natsPublish(broker.nc)), leases(config, pool, logger, OUTBOX_LEASE, 1), logger),
        },
        {
          provide: PostgresOutboxSignal,
          inject: [PG_POOL, OutboxWorker],
          useFactory: (pool: Pool, outbox: OutboxWorker) => new PostgresOutboxSignal(pool, () => outbox.wake()),
        },
        {
          provide: PRICED_OPTIONS,
          inject: [OutboxWorker],
          useFactory: (outbox: OutboxWorker): PricedOptions => ({
            generation: config.GENERATION,
            units: config.PARTITIONS,
            pace: new BatchPace(config.COMMIT_SHARE_PERCENT, config.COMMIT_MAX_PAUSE_MS),
            onDecisions: () => outbox.wake(),
          }),
        },
        {
          provide: CountUsage,
          inject: [PostgresQuotaStore, CLOCK],
          useFactory: (store: PostgresQuotaStore, clock: Clock) => new CountUsage(store, clock, config.QUARANTINE_ALERT_EVENTS),
        },
        changing(SetQuota),
        changing(ChangeQuota),
        changing(DeleteQuota),
      ],
    };
  }

  async onApplicationBootstrap(): Promise<void> {
    this.readiness.register('outbox', async () => {
      const { oldestAgeMs, count } = await this.waiting.waiting();
      if (!this.outbox.publishes || oldestAgeMs < OUTBOX_LIMIT_MS) return { ok: true };
      return { ok: false, reason: `${count} decisions wait to be published, the oldest for ${Math.round(oldestAgeMs / 1000)} s` };
    });
    this.meter
      .createObservableGauge('ledgerline_quota_outbox_waiting', { description: 'Decisions that wait to be published' })
      .addCallback(async (result) => result.observe((await this.waiting.waiting()).count));
    await this.outbox.start();
    await this.signal.start();
  }

  async beforeApplicationShutdown(): Promise<void> {
    this.signal.stop();
    await this.outbox.stop();
  }
}

/** What reads PRICED: one batch at a time over all partitions that this copy holds. */
export function pricedStrategy(app: INestApplication, config: QuotaConfig): CustomTransportStrategy {
  const logger = app.get<Logger>(LOGGER);
  return new JetStreamBatchStrategy({
    nc: app.get(Broker).nc,
    kind: 'PRICED',
    generation: config.GENERATION,
    partitions: config.PARTITIONS,
    leases: leases(config, app.get<Pool>(PG_POOL), logger, PRICED_LEASES, config.PARTITIONS),
    mode: 'merged',
    maxMessages: config.BATCH_MAX_MESSAGES,
    maxBytes: config.BATCH_MAX_BYTES,
    maxWaitMs: config.BATCH_MAX_WAIT_MS,
    prefetchBytes: config.BATCH_MAX_BYTES,
    checkpoints: app.get(PricedConsumer),
    readiness: app.get(Readiness),
    logger,
    meter: app.get(METER),
  });
}

function leases(config: QuotaConfig, pool: Pool, logger: Logger, scope: string, units: number): LeaseManager {
  return new LeaseManager({ pool, schema: 'quota', scope, units, instanceId: config.INSTANCE_ID, ttlMs: config.LEASE_TTL_MS, logger });
}
