import { sql } from 'kysely';
import { type Migration } from 'kysely/migration';

/** What was answered to administrative requests with an Idempotency-Key, by caller and key. The key itself is not kept: it opens what is sealed. */
export function idempotencyMigration(schema: string): Migration {
  return {
    async up(db) {
      await sql`
        create table ${sql.id(schema, 'idempotent_answers')} (
          caller_type text not null,
          caller text collate "C" not null,
          key_hash text not null,
          fingerprint text not null,
          answer text,
          sealed bytea,
          made_at timestamptz not null default now(),
          primary key (caller_type, caller, key_hash)
        )`.execute(db);
      await sql`create index idempotent_answers_age on ${sql.id(schema, 'idempotent_answers')} (made_at)`.execute(db);
    },
  };
}
