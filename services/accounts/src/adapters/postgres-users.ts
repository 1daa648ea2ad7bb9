import { type Change, transactionOf } from '@ledgerline/administration';
import { type Kysely } from 'kysely';
import { type NewUser, type PageRequest, type User, type Users } from '../application/ports.js';
import { type AccountsDatabase } from './accounts-database.js';

export class PostgresUsers implements Users {
  constructor(private readonly db: Kysely<AccountsDatabase>) {}

  async add({ subject, email, name, customerId, role }: NewUser, change: Change): Promise<User | null> {
    const trx = transactionOf<AccountsDatabase>(change);
    const user = await trx
      .insertInto('accounts.users')
      .values({ subject, email, name })
      .onConflict((conflict) => conflict.doNothing())
      .returningAll()
      .executeTakeFirst();
    if (!user) return null;
    await trx.insertInto('accounts.memberships').values({ user_id: user.user_id, customer_id: customerId, role }).execute();
    return { id: user.user_id, subject, email, name, customerId, role, createdAt: user.created_at };
  }

  async list({ limit, after }: PageRequest, of: string | undefined): Promise<User[]> {
    let page = this.db.selectFrom('accounts.users as user').innerJoin('accounts.memberships as member', 'member.user_id', 'user.user_id').selectAll('user').select(['member.customer_id', 'member.role']).orderBy('user.user_id').limit(limit);
    if (after !== null) page = page.where('user.user_id', '>', after);
    if (of !== undefined) page = page.where('member.customer_id', '=', of);
    return (await page.execute()).map((row) => ({ id: row.user_id, subject: row.subject, email: row.email, name: row.name, customerId: row.customer_id, role: row.role, createdAt: row.created_at }));
  }

  async remove(id: string, of: string | undefined, change: Change): Promise<boolean> {
    const trx = transactionOf<AccountsDatabase>(change);
    let membership = trx.deleteFrom('accounts.memberships').where('user_id', '=', id);
    if (of !== undefined) membership = membership.where('customer_id', '=', of);
    const { numDeletedRows } = await membership.executeTakeFirst();
    if (numDeletedRows === 0n) return false;
    await trx.deleteFrom('accounts.users').where('user_id', '=', id).execute();
    return true;
  }
}
