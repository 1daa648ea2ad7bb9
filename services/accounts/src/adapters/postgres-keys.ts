import { type Kysely, sql } from 'kysely';
import { type ApiKey, type Keys, type NewKey, type PageRequest, type Revocation } from '../application/ports.js';
import { type AccountsDatabase } from './accounts-database.js';
import { keyFromRow } from './mapping.js';

export class PostgresKeys implements Keys {
  constructor(private readonly db: Kysely<AccountsDatabase>) {}

  async add(key: NewKey): Promise<ApiKey> {
    return keyFromRow(await this.db.insertInto('accounts.keys').values(toRow(key)).returningAll().executeTakeFirstOrThrow());
  }

  async ensure(key: NewKey): Promise<ApiKey> {
    await this.db
      .insertInto('accounts.keys')
      .values(toRow(key))
      .onConflict((conflict) => conflict.column('hash').doNothing())
      .execute();
    return keyFromRow(await this.db.selectFrom('accounts.keys').selectAll().where('hash', '=', key.hash).executeTakeFirstOrThrow());
  }

  async list({ limit, after }: PageRequest): Promise<ApiKey[]> {
    const page = this.db.selectFrom('accounts.keys').selectAll().orderBy('id').limit(limit);
    const rows = await (after === null ? page : page.where('id', '>', after)).execute();
    return rows.map(keyFromRow);
  }

  async revoke(id: string): Promise<Revocation> {
    return this.db.transaction().execute(async (trx) => {
      // Every revocation locks all live admin keys, in the same order: two of them cannot each count on the other's key.
      const admins = await trx
        .selectFrom('accounts.keys')
        .select('id')
        .where('role', '=', 'admin')
        .where('revoked_at', 'is', null)
        .orderBy('id')
        .forUpdate()
        .execute();
      if (admins.length === 1 && admins[0]!.id === id) return 'last_admin_key';
      const key = await trx.selectFrom('accounts.keys').select(['id', 'revoked_at']).where('id', '=', id).executeTakeFirst();
      if (!key) return 'not_found';
      if (key.revoked_at === null) await trx.updateTable('accounts.keys').set({ revoked_at: sql`now()` }).where('id', '=', id).execute();
      return 'revoked';
    });
  }
}

const toRow = (key: NewKey) => ({ name: key.name, role: key.role, prefix: key.prefix, hash: key.hash, created_by: key.createdBy });
