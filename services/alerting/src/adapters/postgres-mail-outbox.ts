import { type Kysely, sql } from 'kysely';
import { type AlertNews } from '../application/alert-news.js';
import { type CustomerNames, type MailOutbox, type WaitingMail } from '../application/deliver-mails.js';
import { alertId, growthAlertId } from './alert-id.js';
import { type AlertingDatabase } from './alerting-database.js';

const UNDEFINED_TABLE = '42P01';
const TURNED_OFF = 'mails were turned off';

/** Puts mails into the outbox, in the transaction that raises their alerts. An alert that was told of stays told of. */
export async function queueMails(db: Kysely<AlertingDatabase>, news: readonly AlertNews[], nowMs: number): Promise<void> {
  const at = new Date(nowMs);
  const rows = news.map((one) => ({ alert_id: idOf(one), about: JSON.stringify(one), queued_at: at, due_at: at }));
  if (rows.length > 0) await db.insertInto('alerting.mail_outbox').values(rows).onConflict((conflict) => conflict.doNothing()).execute();
}

const idOf = (news: AlertNews): string => (news.kind === 'quota_threshold' ? alertId(news) : growthAlertId(news.hourStartUs));

/** Since when mails are configured, microseconds since the Unix epoch: the same through restarts. */
export async function mailsSince(db: Kysely<AlertingDatabase>, nowMs: number): Promise<number> {
  await db.insertInto('alerting.mail_since').values({ since: new Date(nowMs) }).onConflict((conflict) => conflict.doNothing()).execute();
  return (await db.selectFrom('alerting.mail_since').select('since').executeTakeFirstOrThrow()).since.getTime() * 1000;
}

/** Mails are not configured any more. What still waits would be old news when they are again. */
export async function endMails(db: Kysely<AlertingDatabase>, nowMs: number): Promise<void> {
  await db.deleteFrom('alerting.mail_since').execute();
  await db.updateTable('alerting.mail_outbox').set({ state: 'failed', ended_at: new Date(nowMs), last_error: TURNED_OFF }).where('state', '=', 'waiting').execute();
}

/** The outbox as its sender sees it. */
export class PostgresMailOutbox implements MailOutbox {
  constructor(private readonly db: Kysely<AlertingDatabase>) {}

  async due(nowMs: number): Promise<WaitingMail | undefined> {
    const row = await this.db
      .selectFrom('alerting.mail_outbox')
      .select(['alert_id', 'about', 'attempts', 'queued_at'])
      .where('state', '=', 'waiting')
      .where('due_at', '<=', new Date(nowMs))
      .orderBy('due_at')
      .limit(1)
      .executeTakeFirst();
    return row && { alertId: row.alert_id, news: row.about as unknown as AlertNews, attempts: row.attempts, queuedAtMs: row.queued_at.getTime() };
  }

  async begin({ alertId, attempts }: WaitingMail): Promise<boolean> {
    const { numUpdatedRows } = await this.waiting(alertId)
      .set({ attempts: attempts + 1 })
      .where('attempts', '=', attempts)
      .executeTakeFirst();
    return numUpdatedRows === 1n;
  }

  async sent(alertId: string, atMs: number): Promise<void> {
    await this.waiting(alertId).set({ state: 'sent', ended_at: new Date(atMs), last_error: null }).execute();
  }

  async postpone(alertId: string, untilMs: number, reason: string): Promise<void> {
    await this.waiting(alertId).set({ due_at: new Date(untilMs), last_error: reason }).execute();
  }

  async fail(alertId: string, atMs: number, reason: string): Promise<void> {
    await this.waiting(alertId).set({ state: 'failed', ended_at: new Date(atMs), last_error: reason }).execute();
  }

  /** How many mails are in each state. */
  async counts(): Promise<{ waiting: number; sent: number; failed: number }> {
    const { rows } = await sql<{ state: 'waiting' | 'sent' | 'failed'; count: number }>`select state, count(*)::int as count from alerting.mail_outbox group by state`.execute(this.db);
    return { waiting: 0, sent: 0, failed: 0, ...Object.fromEntries(rows.map(({ state, count }) => [state, count])) };
  }

  private waiting(alertId: string) {
    return this.db.updateTable('alerting.mail_outbox').where('alert_id', '=', alertId).where('state', '=', 'waiting');
  }
}

/** Customers as the accounts service publishes them. */
export class PublishedCustomerNames implements CustomerNames {
  constructor(private readonly db: Kysely<AlertingDatabase>) {}

  async nameOf(customerId: string): Promise<string | null> {
    try {
      const { rows } = await sql<{ name: string | null }>`select name from accounts.published_customers where customer_id = ${customerId}`.execute(this.db);
      return rows[0]?.name ?? null;
    } catch (error) {
      // Accounts has not made it yet: the id says who it is, too.
      if ((error as { code?: string }).code === UNDEFINED_TABLE) return null;
      throw error;
    }
  }
}
