import { logChangesOf } from '@ledgerline/administration';
import { type Kysely, sql } from 'kysely';
import { LOGGED_STATEMENTS } from '../logged-tables.js';

/**
 * What people said of alerts. Beside them, not in them: alerts are a projection of QUOTA and are built anew from it, this is said once.
 * The primary key is what makes saying it twice saying it once. No foreign key: while alerts are built anew, there are none.
 */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql`
    create table alerting.alert_statements (
      alert_id uuid not null,
      crossing_number integer not null,
      kind text not null check (kind in ('acknowledged', 'resolved')),
      customer_id text collate "C",
      said_by text not null,
      said_at timestamptz not null,
      note text,
      primary key (alert_id, crossing_number, kind)
    )`.execute(db);
  await logChangesOf(db, 'alerting', LOGGED_STATEMENTS);
}
