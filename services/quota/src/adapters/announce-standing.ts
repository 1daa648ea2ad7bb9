import { crossingId, parseMonth, type WindowEvent } from '@ledgerline/domain-quota';
import { type Kysely, sql } from 'kysely';
import { type Decision } from '../application/ports.js';
import { customerSeenToWire, toWire, type OutboxMessage } from './mapping.js';
import { positions } from './postgres-checkpoints.js';
import { OUTBOX_CHANNEL } from './postgres-outbox.js';
import { lockQuotasOf } from './postgres-quotas.js';
import { valuesOf } from './postgres-usage-sums.js';
import { type QuotaDatabase } from './quota-database.js';

interface StandingRow {
  quotaId: string;
  customer: string;
  month: string;
  thresholdPercent: number;
  limitVersion: number;
  crossed: boolean;
  crossingNumber: number;
}

/**
 * Puts into the outbox, under the names they had, the last crossing of every threshold, that it was taken back where it was, and every customer
 * that accounts does not have. Whoever has read one of them knows its name.
 */
export async function announceStanding(db: Kysely<QuotaDatabase>, decidedAtUs: number): Promise<void> {
  await sql`select set_config('synchronous_commit', 'on', true)`.execute(db);
  await enqueueOnce(db, [...(await standingDecisions(db, decidedAtUs)).map(toWire), ...(await unknownCustomers(db)).map((customer) => customerSeenToWire(customer, decidedAtUs))]);
  await sql`select pg_notify(${OUTBOX_CHANNEL}, '')`.execute(db);
}

async function standingDecisions(db: Kysely<QuotaDatabase>, decidedAtUs: number): Promise<Decision[]> {
  const { rows } = await sql<StandingRow>`
    select w.quota_id as "quotaId", q.customer_id as customer, w.period_start::text as month, w.threshold_percent as "thresholdPercent",
      w.limit_version as "limitVersion", w.crossed, w.crossing_number as "crossingNumber"
    from quota.windows w join quota.quotas q on q.id = w.quota_id
    order by w.period_start, w.quota_id, w.threshold_percent`.execute(db);
  if (rows.length === 0) return [];
  const quotas = new Map((await lockQuotasOf(db, [...new Set(rows.map(({ customer }) => customer))])).map((quota) => [quota.id, quota]));
  const standing = rows.map((row) => ({ ...row, window: { quota: quotas.get(row.quotaId)!, month: parseMonth(row.month)! } }));
  const values = await valuesOf(db, standing.map(({ window }) => window));
  const countedUpTo = await positions(db);
  return standing.flatMap(({ window, crossed, ...threshold }, i) =>
    (crossed ? (['crossed'] as const) : (['crossed', 'uncrossed'] as const)).map((kind): Decision => {
      const event: WindowEvent = { kind, limitVersion: threshold.limitVersion, thresholdPercent: threshold.thresholdPercent, crossingNumber: threshold.crossingNumber };
      return { eventId: crossingId(window.quota.id, window.month, event), window, event, value: values[i]!, decidedAtUs, positions: countedUpTo };
    }),
  );
}

async function unknownCustomers(db: Kysely<QuotaDatabase>): Promise<string[]> {
  const { rows } = await sql<{ customer: string }>`
    select s.customer_id as customer from quota.customers_seen s
    where not exists (select from accounts.published_customers c where c.customer_id = s.customer_id)`.execute(db);
  return rows.map(({ customer }) => customer);
}

/** What waits there already stays as it is. */
async function enqueueOnce(db: Kysely<QuotaDatabase>, messages: readonly OutboxMessage[]): Promise<void> {
  for (const { eventId, subject, payload } of messages) {
    await sql`insert into quota.outbox (event_id, subject, payload) values (${eventId}, ${subject}, ${Buffer.from(payload)}) on conflict (event_id) do nothing`.execute(db);
  }
}
