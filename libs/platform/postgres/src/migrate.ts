import { type Kysely, sql } from 'kysely';
import { type Migration, Migrator } from 'kysely/migration';

export interface MigrateOptions {
  /** The schema the service owns; its migration tables live in it too. */
  schema: string;
  /** By name; applied once each, in alphabetical order (`0001_create_keys`). */
  migrations: Record<string, Migration>;
}

/** Raised when a migration fails; `cause` is the database's error. Nothing of the failed run is kept. */
export class MigrationError extends Error {
  constructor(schema: string, migration: string | undefined, cause: unknown) {
    super(`migrating schema "${schema}" failed${migration ? ` at ${migration}` : ''}: ${cause instanceof Error ? cause.message : String(cause)}`, { cause });
    this.name = 'MigrationError';
  }
}

/**
 * Brings a schema to its newest version. Copies of a service may start together: a session advisory lock lets one migrate while
 * the others wait, and covers CREATE SCHEMA too, which is not safe against itself.
 *
 * @throws MigrationError
 */
export async function migrate<DB>(db: Kysely<DB>, { schema, migrations }: MigrateOptions): Promise<void> {
  await db.connection().execute(async (connection) => {
    const lock = sql`hashtextextended(${`ledgerline.migrate.${schema}`}, 0)`;
    await sql`select pg_advisory_lock(${lock})`.execute(connection);
    try {
      await sql`create schema if not exists ${sql.id(schema)}`.execute(connection);
      const migrator = new Migrator({
        db: connection,
        provider: { getMigrations: () => Promise.resolve(migrations) },
        migrationTableSchema: schema,
      });
      const { error, results } = await migrator.migrateToLatest();
      if (error) throw new MigrationError(schema, results?.find((result) => result.status === 'Error')?.migrationName, error);
    } finally {
      await sql`select pg_advisory_unlock(${lock})`.execute(connection);
    }
  });
}
