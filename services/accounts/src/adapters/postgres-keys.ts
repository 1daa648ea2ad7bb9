import { calledBy, type Change, transactionOf } from '@ledgerline/administration';
import { type Kysely, sql, type Transaction } from 'kysely';
import { type ApiKey, type Keys, type NewKey, type PageRequest, type Revocation } from '../application/ports.js';
import { type AccountsDatabase } from './accounts-database.js';
import { keyFromRow } from './mapping.js';

export class PostgresKeys implements Keys {
  constructor(private readonly db: Kysely<AccountsDatabase>) {}

  async add(key: NewKey, change: Change): Promise<ApiKey> {
    return keyFromRow(await transactionOf<AccountsDatabase>(change).insertInto('accounts.keys').values(toRow(key)).returningAll().executeTakeFirstOrThrow());
  }

  async ensure(key: NewKey, change: Change): Promise<ApiKey> {
    const trx = transactionOf<AccountsDatabase>(change);
    await trx
      .insertInto('accounts.keys')
      .values(toRow(key))
      .onConflict((conflict) => conflict.column('hash').doNothing())
      .execute();
    return keyFromRow(await trx.selectFrom('accounts.keys').selectAll().where('hash', '=', key.hash).executeTakeFirstOrThrow());
  }

  async list({ limit, after }: PageRequest, of: string | undefined): Promise<ApiKey[]> {
    let page = this.db
      .selectFrom('accounts.keys as key')
      .leftJoin('accounts.key_uses as use', 'use.key_id', 'key.id')
      .selectAll('key')
      .select('use.last_used_at')
      .orderBy('key.id')
      .limit(limit);
    if (after !== null) page = page.where('key.id', '>', after);
    if (of !== undefined) page = page.where('key.customer_id', '=', of);
    return (await page.execute()).map(keyFromRow);
  }

  async revoke(id: string, of: string | undefined, change: Change): Promise<Revocation> {
    const trx = transactionOf<AccountsDatabase>(change);
    // Every revocation locks all live admin keys, in the same order: two of them cannot each count on the other's key.
    const admins = await trx
      .selectFrom('accounts.keys')
      .select('id')
      .where('customer_id', 'is', null)
      .where(sql<boolean>`'admin' = any (scopes)`)
      .where('revoked_at', 'is', null)
      .where('expires_at', 'is', null)
      .orderBy('id')
      .forUpdate()
      .execute();
    const key = await findKey(trx, id, of);
    if (!key) return 'not_found';
    if (admins.length === 1 && admins[0]!.id === id) return 'last_admin_key';
    if (key.revoked_at !== null) return 'revoked';
    await calledBy(change, 'revoked');
    await trx.updateTable('accounts.keys').set({ revoked_at: sql`now()` }).where('id', '=', id).execute();
    return 'revoked';
  }

  async replace(id: string, of: string | undefined, by: Pick<NewKey, 'prefix' | 'hash' | 'createdBy'>, oldEndsAt: Date, change: Change): Promise<ApiKey | 'not_found' | 'not_active'> {
    const trx = transactionOf<AccountsDatabase>(change);
    const old = await findKey(trx, id, of);
    if (!old) return 'not_found';
    if (old.revoked_at !== null || old.expired) return 'not_active';
    await calledBy(change, 'rotated');
    await trx
      .updateTable('accounts.keys')
      .set({ expires_at: sql`least(expires_at, ${oldEndsAt}::timestamptz)` })
      .where('id', '=', id)
      .execute();
    const row = toRow({ name: old.name, scopes: old.scopes, customerId: old.customer_id, userId: old.user_id, limits: { requestsPerSecond: old.requests_per_second, eventsPerSecond: old.events_per_second }, expiresAt: old.expires_at, ...by });
    return keyFromRow(await trx.insertInto('accounts.keys').values(row).returningAll().executeTakeFirstOrThrow());
  }
}

function findKey(trx: Transaction<AccountsDatabase>, id: string, of: string | undefined) {
  const key = trx
    .selectFrom('accounts.keys')
    .selectAll()
    .select(sql<boolean>`coalesce(expires_at <= now(), false)`.as('expired'))
    .where('id', '=', id);
  return (of === undefined ? key : key.where('customer_id', '=', of)).forUpdate().executeTakeFirst();
}

const toRow = ({ name, scopes, customerId, userId, limits, expiresAt, prefix, hash, createdBy }: NewKey) => ({
  name,
  scopes: [...scopes],
  customer_id: customerId,
  user_id: userId,
  expires_at: expiresAt,
  requests_per_second: limits.requestsPerSecond,
  events_per_second: limits.eventsPerSecond,
  prefix,
  hash,
  created_by: createdBy,
});
