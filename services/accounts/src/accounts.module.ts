import { type DynamicModule, type INestApplication, Inject, Module, type OnModuleInit } from '@nestjs/common';
import { type CustomTransportStrategy } from '@nestjs/microservices';
import { adminLogMigration, Changes, idempotencyMigration, SYSTEM } from '@ledgerline/administration';
import { JetStreamBatchStrategy } from '@ledgerline/messaging';
import { KYSELY, LeaseManager, leaseMigration, PG_POOL, PostgresModule, streamIdMigration } from '@ledgerline/postgres';
import { type Clock } from '@ledgerline/kernel';
import { CLOCK, CONFIG, LOGGER, METER, Readiness } from '@ledgerline/service-kit';
import { type Kysely } from 'kysely';
import { type Pool } from 'pg';
import { type Logger } from 'pino';
import { type AccountsDatabase } from './adapters/accounts-database.js';
import { Broker } from './adapters/broker.js';
import * as createKeys from './adapters/migrations/0001-create-keys.js';
import * as createCustomers from './adapters/migrations/0002-create-customers.js';
import * as scopeKeys from './adapters/migrations/0005-scope-keys.js';
import * as createProjects from './adapters/migrations/0006-create-projects.js';
import * as limitKeys from './adapters/migrations/0007-limit-keys.js';
import * as createUsers from './adapters/migrations/0008-create-users.js';
import * as keyUsers from './adapters/migrations/0009-key-users.js';
import { LOGGED_TABLES } from './adapters/logged-tables.js';
import { PostgresAdminLog } from './adapters/postgres-admin-log.js';
import { PostgresCustomers } from './adapters/postgres-customers.js';
import { PostgresKeys } from './adapters/postgres-keys.js';
import { PostgresProjects } from './adapters/postgres-projects.js';
import { PostgresSeenCustomers, QUOTA_EVENTS_SCOPE } from './adapters/postgres-seen-customers.js';
import { PostgresUsers } from './adapters/postgres-users.js';
import { CreateCustomer } from './application/create-customer.js';
import { CreateKey } from './application/create-key.js';
import { type Customers, type Keys, type SeenCustomers } from './application/ports.js';
import { RecordSeenCustomers } from './application/record-seen-customers.js';
import { RegisterAdminKey } from './application/register-admin-key.js';
import { RevokeKey } from './application/revoke-key.js';
import { RotateKey } from './application/rotate-key.js';
import { type AccountsConfig } from './config.js';
import { QuotaEventsConsumer, SEEN_CUSTOMERS } from './consumers/quota-events.consumer.js';
import { ADMIN_LOG, AdminLogController } from './http/admin-log.controller.js';
import { CUSTOMERS, CustomersController } from './http/customers.controller.js';
import { KEYS, KeysController } from './http/keys.controller.js';
import { PROJECTS, ProjectsController } from './http/projects.controller.js';
import { USERS, UsersController } from './http/users.controller.js';

export const migrations = {
  '0001_create_keys': createKeys,
  '0002_create_customers': createCustomers,
  '0003_create_leases': leaseMigration('accounts'),
  '0004_stream_id': streamIdMigration('accounts', 'stream_positions'),
  '0005_scope_keys': scopeKeys,
  '0006_create_projects': createProjects,
  '0007_limit_keys': limitKeys,
  '0008_create_users': createUsers,
  '0009_key_users': keyUsers,
  '0010_create_admin_log': adminLogMigration('accounts', LOGGED_TABLES),
  '0011_create_idempotent_answers': idempotencyMigration('accounts'),
};

/** Puts the accounts service together. */
@Module({})
export class AccountsModule implements OnModuleInit {
  constructor(
    @Inject(CONFIG) private readonly config: AccountsConfig,
    @Inject(RegisterAdminKey) private readonly registerAdminKey: RegisterAdminKey,
    @Inject(Changes) private readonly changes: Changes,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  static forRoot(config: AccountsConfig): DynamicModule {
    const onKeys = (UseCase: typeof RevokeKey | typeof RegisterAdminKey) => ({
      provide: UseCase,
      inject: [KEYS],
      useFactory: (keys: Keys) => new UseCase(keys),
    });
    return {
      module: AccountsModule,
      imports: [PostgresModule.forRoot({ schema: 'accounts', migrations })],
      controllers: [KeysController, CustomersController, ProjectsController, UsersController, AdminLogController, QuotaEventsConsumer],
      providers: [
        { provide: Broker, useFactory: () => Broker.connect(config) },
        { provide: Changes, inject: [KYSELY], useFactory: (db: Kysely<unknown>) => new Changes(db, { schema: 'accounts', sealingSecret: config.ADMIN_KEY }) },
        { provide: ADMIN_LOG, inject: [KYSELY], useFactory: (db: Kysely<AccountsDatabase>) => new PostgresAdminLog(db) },
        { provide: KEYS, inject: [KYSELY], useFactory: (db: Kysely<AccountsDatabase>) => new PostgresKeys(db) },
        { provide: CUSTOMERS, inject: [KYSELY], useFactory: (db: Kysely<AccountsDatabase>) => new PostgresCustomers(db) },
        { provide: PROJECTS, inject: [KYSELY], useFactory: (db: Kysely<AccountsDatabase>) => new PostgresProjects(db) },
        { provide: USERS, inject: [KYSELY], useFactory: (db: Kysely<AccountsDatabase>) => new PostgresUsers(db) },
        { provide: SEEN_CUSTOMERS, inject: [KYSELY], useFactory: (db: Kysely<AccountsDatabase>) => new PostgresSeenCustomers(db) },
        { provide: CreateKey, inject: [KEYS, CLOCK], useFactory: (keys: Keys, clock: Clock) => new CreateKey(keys, clock) },
        { provide: RotateKey, inject: [KEYS, CLOCK], useFactory: (keys: Keys, clock: Clock) => new RotateKey(keys, clock) },
        onKeys(RevokeKey),
        onKeys(RegisterAdminKey),
        { provide: CreateCustomer, inject: [CUSTOMERS], useFactory: (customers: Customers) => new CreateCustomer(customers) },
        { provide: RecordSeenCustomers, inject: [SEEN_CUSTOMERS], useFactory: (store: SeenCustomers) => new RecordSeenCustomers(store) },
      ],
    };
  }

  async onModuleInit(): Promise<void> {
    const { ADMIN_KEY: text } = this.config;
    if (text === undefined) return;
    const key = await this.changes.make(SYSTEM, (change) => this.registerAdminKey.execute(text, change));
    if (key.revokedAt !== null || key.expiresAt !== null || key.customerId !== null || !key.scopes.includes('admin')) {
      this.logger.warn({ keyId: key.id }, 'ADMIN_KEY is the text of a key that is revoked, expires, or is no admin key of the operator; it opens nothing new');
    }
  }
}

/** What reads the QUOTA stream: one copy at a time. */
export function quotaEventsStrategy(app: INestApplication, config: AccountsConfig): CustomTransportStrategy {
  const logger = app.get<Logger>(LOGGER);
  const leases = new LeaseManager({
    pool: app.get<Pool>(PG_POOL),
    schema: 'accounts',
    scope: QUOTA_EVENTS_SCOPE,
    units: 1,
    instanceId: config.INSTANCE_ID,
    ttlMs: config.LEASE_TTL_MS,
    logger,
  });
  return new JetStreamBatchStrategy({
    nc: app.get(Broker).nc,
    kind: 'QUOTA',
    generation: config.GENERATION,
    partitions: 1,
    leases,
    mode: 'unit',
    maxMessages: 1_000,
    maxBytes: 1024 * 1024,
    maxWaitMs: 0,
    checkpoints: app.get(QuotaEventsConsumer),
    readiness: app.get(Readiness),
    logger,
    meter: app.get(METER),
  });
}
