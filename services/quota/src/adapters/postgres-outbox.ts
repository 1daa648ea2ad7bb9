import { type Kysely, sql } from 'kysely';
import { arrayLiteral } from './array-literal.js';
import { CUSTOMER_SEEN_SUBJECT, type OutboxMessage } from './mapping.js';
import { type QuotaDatabase } from './quota-database.js';
import { type OutboxStore, type WaitingMessage } from '../application/publish-decisions.js';

/** Told on every commit that left something to publish. */
export const OUTBOX_CHANNEL = 'quota_outbox';

/** Puts messages behind those that wait; they leave when the transaction has committed. */
export async function enqueue(db: Kysely<QuotaDatabase>, messages: readonly OutboxMessage[]): Promise<void> {
  if (messages.length === 0) return;
  await db
    .insertInto('quota.outbox')
    .values(messages.map(({ eventId, subject, payload }) => ({ event_id: eventId, subject, payload: Buffer.from(payload) })))
    .execute();
  await sql`select pg_notify(${OUTBOX_CHANNEL}, '')`.execute(db);
}

/** The outbox as its publisher sees it. */
export class PostgresOutbox implements OutboxStore {
  constructor(private readonly db: Kysely<QuotaDatabase>) {}

  async oldest(limit: number): Promise<WaitingMessage[]> {
    const rows = await this.db.selectFrom('quota.outbox').select(['id', 'subject', 'payload']).orderBy('id').limit(limit).execute();
    return rows.map(({ id, subject, payload }) => ({ id: Number(id), subject, payload, ordered: subject !== CUSTOMER_SEEN_SUBJECT }));
  }

  async remove(ids: readonly number[]): Promise<void> {
    await sql`delete from quota.outbox where id = any(${arrayLiteral(ids)}::bigint[])`.execute(this.db);
  }

  async waiting(): Promise<{ count: number; oldestAgeMs: number }> {
    const { rows } = await sql<{ count: number; age: number }>`
      select count(*)::int as count, coalesce(extract(epoch from now() - min(created_at)) * 1000, 0)::float8 as age from quota.outbox`.execute(
      this.db,
    );
    return { count: rows[0]!.count, oldestAgeMs: rows[0]!.age };
  }
}
