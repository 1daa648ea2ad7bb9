import { type Kysely } from 'kysely';
import { type Customer, type Customers, type PageRequest } from '../application/ports.js';
import { type AccountsDatabase } from './accounts-database.js';
import { customerFromRow } from './mapping.js';

export class PostgresCustomers implements Customers {
  constructor(private readonly db: Kysely<AccountsDatabase>) {}

  async add(id: string, name: string | null): Promise<Customer | null> {
    const row = await this.db
      .insertInto('accounts.customers')
      .values({ customer_id: id, name, created_by: 'admin' })
      .onConflict((conflict) => conflict.doNothing())
      .returningAll()
      .executeTakeFirst();
    return row ? customerFromRow(row) : null;
  }

  async list({ limit, after }: PageRequest): Promise<Customer[]> {
    const page = this.db.selectFrom('accounts.customers').selectAll().orderBy('customer_id').limit(limit);
    const rows = await (after === null ? page : page.where('customer_id', '>', after)).execute();
    return rows.map(customerFromRow);
  }
}
