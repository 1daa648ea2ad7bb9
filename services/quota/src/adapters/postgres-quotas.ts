import { type Change, transactionOf } from '@ledgerline/administration';
import { type MonthNumber, type Quota } from '@ledgerline/domain-quota';
import { type Kysely, sql } from 'kysely';
import { QuotaExistsError, type QuotaFilter, type QuotaReader, type QuotaView } from '../application/ports.js';
import { textArray } from './array-literal.js';
import { quotaFromRow, quotaToRow } from './mapping.js';
import { valuesOf } from './postgres-usage-sums.js';
import { type QuotaDatabase } from './quota-database.js';

/** Locks the quotas of customers in the order of their ids. */
export async function lockQuotasOf(db: Kysely<QuotaDatabase>, customers: readonly string[]): Promise<Quota[]> {
  const rows = await db
    .selectFrom('quota.quotas')
    .selectAll()
    .where(sql<boolean>`customer_id = any(${textArray(customers)}::text[])`)
    .orderBy('id')
    .forUpdate()
    .execute();
  return rows.map(quotaFromRow);
}

export async function lockQuota(db: Kysely<QuotaDatabase>, id: string): Promise<Quota | undefined> {
  const row = await db.selectFrom('quota.quotas').selectAll().where('id', '=', id).forUpdate().executeTakeFirst();
  return row && quotaFromRow(row);
}

/** @throws QuotaExistsError */
export async function insertQuota(db: Kysely<QuotaDatabase>, quota: Quota): Promise<void> {
  const inserted = await db
    .insertInto('quota.quotas')
    .values(quotaToRow(quota))
    .onConflict((conflict) => conflict.constraint('quotas_scope').doNothing())
    .returning('id')
    .executeTakeFirst();
  if (inserted) return;
  const existing = await db
    .selectFrom('quota.quotas')
    .select('id')
    .where('customer_id', '=', quota.customerId)
    .where('metric', '=', quota.metric)
    .where('provider', 'is not distinct from', quota.provider)
    .where('model', 'is not distinct from', quota.model)
    .executeTakeFirstOrThrow();
  throw new QuotaExistsError(existing.id);
}

export async function updateQuota(db: Kysely<QuotaDatabase>, quota: Quota): Promise<void> {
  const { limit_value, limit_version, thresholds } = quotaToRow(quota);
  await db
    .updateTable('quota.quotas')
    .set({ limit_value, limit_version, thresholds, updated_at: sql`now()` })
    .where('id', '=', quota.id)
    .execute();
}

export async function deleteQuota(db: Kysely<QuotaDatabase>, id: string): Promise<void> {
  await db.deleteFrom('quota.quotas').where('id', '=', id).execute();
}

/** Quotas with their values, for reading. */
export class PostgresQuotaReader implements QuotaReader {
  constructor(private readonly db: Kysely<QuotaDatabase>) {}

  async find(id: string, month: MonthNumber, change?: Change): Promise<QuotaView | undefined> {
    const reader = change === undefined ? this : new PostgresQuotaReader(transactionOf<QuotaDatabase>(change));
    const [view] = await reader.read(month, (query) => query.where('id', '=', id));
    return view;
  }

  async list({ customerId, metric, after, limit }: QuotaFilter, month: MonthNumber): Promise<QuotaView[]> {
    return this.read(month, (query) => {
      let filtered = query.orderBy('id').limit(limit);
      if (customerId !== undefined) filtered = filtered.where('customer_id', '=', customerId);
      if (metric !== undefined) filtered = filtered.where('metric', '=', metric);
      if (after !== undefined) filtered = filtered.where('id', '>', after);
      return filtered;
    });
  }

  private async read(
    month: MonthNumber,
    narrow: (query: ReturnType<PostgresQuotaReader['all']>) => ReturnType<PostgresQuotaReader['all']>,
  ): Promise<QuotaView[]> {
    const rows = await narrow(this.all()).execute();
    if (rows.length === 0) return [];
    const quotas = rows.map(quotaFromRow);
    const values = await valuesOf(
      this.db,
      quotas.map((quota) => ({ quota, month })),
    );
    return rows.map((row, i) => ({ quota: quotas[i]!, month, value: values[i]!, createdAt: row.created_at, updatedAt: row.updated_at }));
  }

  private all() {
    return this.db.selectFrom('quota.quotas').selectAll();
  }
}
