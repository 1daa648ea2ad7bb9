import { type Change, transactionOf } from '@ledgerline/administration';
import { type Kysely } from 'kysely';
import { type Customer, type Customers, type PageRequest } from '../application/ports.js';
import { type AccountsDatabase } from './accounts-database.js';
import { customerFromRow } from './mapping.js';

export class PostgresCustomers implements Customers {
  constructor(private readonly db: Kysely<AccountsDatabase>) {}

  async add(id: string, name: string | null, change: Change): Promise<Customer | null> {
    const row = await transactionOf<AccountsDatabase>(change)
      .insertInto('accounts.customers')
      .values({ customer_id: id, name, created_by: 'admin' })
      .onConflict((conflict) => conflict.doNothing())
      .returningAll()
      .executeTakeFirst();
    return row ? customerFromRow(row) : null;
  }

  async list({ limit, after }: PageRequest, only: string | undefined): Promise<Customer[]> {
    let page = this.db.selectFrom('accounts.customers').selectAll().orderBy('customer_id').limit(limit);
    if (after !== null) page = page.where('customer_id', '>', after);
    if (only !== undefined) page = page.where('customer_id', '=', only);
    return (await page.execute()).map(customerFromRow);
  }
}
