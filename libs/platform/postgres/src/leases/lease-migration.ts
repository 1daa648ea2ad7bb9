import { sql } from 'kysely';
import { type Migration } from 'kysely/migration';

/**
 * The tables behind {@link LeaseManager}: a row per unit with its owner and epoch, and a row per live copy of the service. Only the
 * server's clock is ever written to them.
 */
export function leaseMigration(schema: string): Migration {
  return {
    async up(db) {
      await sql`
        create table ${sql.id(schema, 'leases')} (
          scope text not null,
          unit integer not null check (unit >= 0),
          owner text,
          epoch bigint not null default 0,
          backend_pid integer,
          heartbeat_at timestamptz not null default clock_timestamp(),
          primary key (scope, unit)
        ) with (fillfactor = 50)`.execute(db);
      await sql`
        create table ${sql.id(schema, 'lease_members')} (
          scope text not null,
          instance text not null,
          application_name text not null,
          backend_pid integer not null,
          heartbeat_at timestamptz not null,
          primary key (scope, instance)
        ) with (fillfactor = 50)`.execute(db);
    },
  };
}
