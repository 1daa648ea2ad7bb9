import { QUOTA_STREAM } from '@ledgerline/contracts';
import { type Difference } from '@ledgerline/rebuild';
import { type Kysely, sql, type Transaction } from 'kysely';
import { type AlertsInUse, type EmptiedAlerts } from '../application/rebuild-alerts.js';
import { type AlertingDatabase } from './alerting-database.js';
import { PostgresAlertTransaction } from './postgres-alert-store.js';

const TABLES = ['alerts', 'alert_history', 'checkpoints'] as const;
/** When a crossing was recorded, or a position moved, says nothing about the alert. */
const NOT_COMPARED = ['recorded_at', 'updated_at'];
const MOST_PLACES = 200;

class Refused extends Error {}

/** Alerts in one transaction: what it empties and fills again is nobody's business until it commits, and never when it does not. */
export class PostgresAlertsInUse implements AlertsInUse {
  constructor(
    private readonly db: Kysely<AlertingDatabase>,
    private readonly leaseScope: string,
  ) {}

  async refill(work: (emptied: EmptiedAlerts) => Promise<boolean>): Promise<void> {
    try {
      await this.db.transaction().execute(async (trx) => {
        await sql`lock table alerting.checkpoints, alerting.alerts, alerting.alert_history in exclusive mode`.execute(trx);
        for (const table of TABLES) await sql`create temporary table ${inUse(table)} on commit drop as select * from ${sql.table(`alerting.${table}`)}`.execute(trx);
        const upTo = await this.empty(trx);
        const store = { transact: <T>(write: (transaction: PostgresAlertTransaction) => Promise<T>) => write(new PostgresAlertTransaction(trx, this.leaseScope)) };
        if (!(await work({ store, upTo, differences: () => differences(trx) }))) throw new Refused();
        // Where it stood, with what is known of that message.
        await sql`delete from alerting.checkpoints`.execute(trx);
        await sql`insert into alerting.checkpoints select * from ${inUse('checkpoints')}`.execute(trx);
      });
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
    }
  }

  private async empty(trx: Transaction<AlertingDatabase>): Promise<number> {
    const row = await trx.selectFrom('alerting.checkpoints').select('sequence').where('stream', '=', QUOTA_STREAM).executeTakeFirst();
    await sql`delete from alerting.alert_history`.execute(trx);
    await sql`delete from alerting.alerts`.execute(trx);
    await sql`update alerting.checkpoints set sequence = 0 where stream = ${QUOTA_STREAM}`.execute(trx);
    return Number(row?.sequence ?? 0);
  }
}

const inUse = (table: (typeof TABLES)[number]) => sql.table(`${table}_in_use`);

/** Rows that are on one side only, as JSON: a changed row is on both, with other values. */
async function differences(trx: Transaction<AlertingDatabase>): Promise<Difference[]> {
  const found: Difference[] = [];
  for (const [table, key] of [['alerts', 'id'], ['alert_history', 'event_id']] as const) {
    const rowsOf = (source: ReturnType<typeof inUse>) => sql`select ${sql.ref(key)}::text as key, (to_jsonb(t) - ${NOT_COMPARED}::text[])::text as row from ${source} t`;
    const { rows } = await sql<{ key: string; in_use: string | null; from_log: string | null }>`
      select key, s.row as in_use, r.row as from_log
      from (${rowsOf(inUse(table))}) s full join (${rowsOf(sql.table(`alerting.${table}`))}) r using (key)
      where s.row is distinct from r.row order by key limit ${MOST_PLACES}`.execute(trx);
    for (const row of rows) found.push({ where: `${table}, ${row.key}`, field: 'row', inUse: row.in_use ?? 'missing', fromLog: row.from_log ?? 'missing' });
  }
  return found;
}
