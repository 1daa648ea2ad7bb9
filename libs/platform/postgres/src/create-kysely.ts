import { Kysely, PostgresDialect } from 'kysely';
import { type Pool } from 'pg';

/** A typed query builder over the pool; `destroy()` ends the pool. */
export function createKysely<DB>(pool: Pool): Kysely<DB> {
  return new Kysely<DB>({ dialect: new PostgresDialect({ pool }) });
}
