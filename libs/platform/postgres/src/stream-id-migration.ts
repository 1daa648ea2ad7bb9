import { sql } from 'kysely';
import { type Migration } from 'kysely/migration';

/** Renames the column of a table of positions that tells which stream they belong to: more than a creation time can say so. */
export function streamIdMigration(schema: string, table: string): Migration {
  return {
    async up(db) {
      await sql`alter table ${sql.id(schema, table)} rename column stream_created to stream_id`.execute(db);
    },
  };
}
