import { type Change, transactionOf } from '@ledgerline/administration';
import { type StatementKind } from '@ledgerline/domain-alerting';
import { sql } from 'kysely';
import { type AlertStatements, type SignedStatement, type SpokenOf } from '../application/say-of-alert.js';
import { type AlertingDatabase } from './alerting-database.js';
import { fromUs, stateFromRow, toUs } from './mapping.js';

/** What people said of alerts, in the transaction of an administrative change. Alerts are not locked: they may be built anew meanwhile. */
export class PostgresAlertStatements implements AlertStatements {
  async load(alertId: string, change: Change): Promise<SpokenOf | undefined> {
    const db = transactionOf<AlertingDatabase>(change);
    const alert = await db
      .selectFrom('alerting.alerts')
      .select(['customer_id', 'status', 'crossing_number', 'raised_at', 'reopened_count', 'resolved_at', sql<string>`trim_scale(value)::text`.as('value')])
      .where('id', '=', alertId)
      .executeTakeFirst();
    if (alert === undefined) return undefined;
    const said = await db.selectFrom('alerting.alert_statements').select(['kind', 'crossing_number', 'said_at']).where('alert_id', '=', alertId).execute();
    return {
      state: stateFromRow(alert),
      customerId: alert.customer_id,
      said: said.map((row) => ({ kind: row.kind as StatementKind, crossingNumber: row.crossing_number, saidAtUs: toUs(row.said_at) })),
    };
  }

  async keep({ alertId, crossingNumber, kind, customerId, by, saidAtUs, note }: SignedStatement, change: Change): Promise<void> {
    await transactionOf<AlertingDatabase>(change)
      .insertInto('alerting.alert_statements')
      .values({ alert_id: alertId, crossing_number: crossingNumber, kind, customer_id: customerId, said_by: by, said_at: fromUs(saidAtUs), note })
      .onConflict((conflict) => conflict.doNothing())
      .execute();
  }
}
