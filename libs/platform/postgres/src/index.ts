export { isConnectionError, retryWhileUnreachable } from './connect-retry.js';
export { createKysely } from './create-kysely.js';
export { migrate, MigrationError, type MigrateOptions } from './migrate.js';
export { ANSWER_WITHIN_MS, createPool, parseInt8, type PoolOptions } from './pool.js';
export {
  KYSELY,
  PG_POOL,
  POSTGRES_CONNECTION,
  type PostgresConnection,
  PostgresModule,
  type PostgresModuleOptions,
} from './postgres.module.js';
export { type Migration } from 'kysely/migration';
export * from './leases/index.js';
export { streamIdMigration } from './stream-id-migration.js';
