import { type DynamicModule, type INestApplication, Module } from '@nestjs/common';
import { type CustomTransportStrategy } from '@nestjs/microservices';
import { adminLogMigration, Changes } from '@ledgerline/administration';
import { JetStreamBatchStrategy } from '@ledgerline/messaging';
import { KYSELY, leaseMigration, LeaseManager, PG_POOL, PostgresModule, streamIdMigration } from '@ledgerline/postgres';
import { type Clock } from '@ledgerline/kernel';
import { CLOCK, LOGGER, METER, Readiness } from '@ledgerline/service-kit';
import { type Meter } from '@opentelemetry/api';
import { type Kysely } from 'kysely';
import { type Pool } from 'pg';
import { type Logger } from 'pino';
import { type AlertingDatabase } from './adapters/alerting-database.js';
import { Broker } from './adapters/broker.js';
import { LOGGED_TABLES } from './adapters/logged-tables.js';
import * as createAlerts from './adapters/migrations/0001-create-alerts.js';
import * as countReopenings from './adapters/migrations/0003-count-reopenings.js';
import * as createQuarantineAlerts from './adapters/migrations/0004-create-quarantine-alerts.js';
import * as createStatements from './adapters/migrations/0007-create-statements.js';
import * as createMailOutbox from './adapters/migrations/0008-create-mail-outbox.js';
import { PostgresAlertReader } from './adapters/postgres-alert-reader.js';
import { PostgresAlertStatements } from './adapters/postgres-alert-statements.js';
import { PostgresAlertStore } from './adapters/postgres-alert-store.js';
import { AlertMails } from './alert-mails.js';
import { RecordAlerts } from './application/record-alerts.js';
import { SayOfAlert } from './application/say-of-alert.js';
import { type AlertingConfig } from './config.js';
import { LOAD_CHECKPOINT, ON_RECORDED, QuotaEventsConsumer } from './consumers/quota-events.consumer.js';
import { ALERT_READER, AlertsController } from './http/alerts.controller.js';

export const LEASE_SCOPE = 'quota-events';

export const migrations = {
  '0001_create_alerts': createAlerts,
  '0002_create_leases': leaseMigration('alerting'),
  '0003_count_reopenings': countReopenings,
  '0004_create_quarantine_alerts': createQuarantineAlerts,
  '0005_stream_id': streamIdMigration('alerting', 'checkpoints'),
  '0006_create_admin_log': adminLogMigration('alerting', LOGGED_TABLES),
  '0007_create_statements': createStatements,
  '0008_create_mail_outbox': createMailOutbox,
};

/** Puts the alerting service together. */
@Module({})
export class AlertingModule {
  static forRoot(config: AlertingConfig): DynamicModule {
    return {
      module: AlertingModule,
      imports: [PostgresModule.forRoot({ schema: 'alerting', migrations })],
      controllers: [AlertsController, QuotaEventsConsumer],
      providers: [
        { provide: Changes, inject: [KYSELY], useFactory: (db: Kysely<unknown>) => new Changes(db, { schema: 'alerting' }) },
        { provide: SayOfAlert, inject: [CLOCK], useFactory: (clock: Clock) => new SayOfAlert(new PostgresAlertStatements(), clock) },
        { provide: Broker, useFactory: () => Broker.connect(config) },
        {
          provide: PostgresAlertStore,
          inject: [KYSELY],
          useFactory: (db: Kysely<AlertingDatabase>) => new PostgresAlertStore(db, LEASE_SCOPE),
        },
        { provide: ALERT_READER, inject: [KYSELY], useFactory: (db: Kysely<AlertingDatabase>) => new PostgresAlertReader(db) },
        { provide: LOAD_CHECKPOINT, inject: [PostgresAlertStore], useFactory: (store: PostgresAlertStore) => () => store.loadCheckpoint() },
        {
          provide: AlertMails,
          inject: [KYSELY, PG_POOL, CLOCK, LOGGER, METER],
          useFactory: (db: Kysely<AlertingDatabase>, pool: Pool, clock: Clock, logger: Logger, meter: Meter) => AlertMails.open({ config, db, pool, clock, logger, meter }),
        },
        { provide: ON_RECORDED, inject: [AlertMails], useFactory: (mails: AlertMails) => () => mails.wake() },
        {
          provide: RecordAlerts,
          inject: [PostgresAlertStore, AlertMails],
          useFactory: (store: PostgresAlertStore, { terms }: AlertMails) => new RecordAlerts(store, terms),
        },
      ],
    };
  }
}

/** What reads QUOTA, in the one copy that holds its lease. */
export function quotaEventsStrategy(app: INestApplication, config: AlertingConfig): CustomTransportStrategy {
  const logger = app.get<Logger>(LOGGER);
  return new JetStreamBatchStrategy({
    nc: app.get(Broker).nc,
    kind: 'QUOTA',
    generation: 1,
    partitions: 1,
    leases: new LeaseManager({
      pool: app.get<Pool>(PG_POOL),
      schema: 'alerting',
      scope: LEASE_SCOPE,
      units: 1,
      instanceId: config.INSTANCE_ID,
      ttlMs: config.LEASE_TTL_MS,
      logger,
    }),
    mode: 'merged',
    maxMessages: 2_000,
    maxBytes: 4 * 1024 ** 2,
    maxWaitMs: 0,
    checkpoints: app.get(QuotaEventsConsumer),
    readiness: app.get(Readiness),
    logger,
    meter: app.get(METER),
  });
}
