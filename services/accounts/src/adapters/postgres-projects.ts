import { type Change, transactionOf } from '@ledgerline/administration';
import { type Kysely, type Selectable } from 'kysely';
import { type NewProject, type PageRequest, type Project, type Projects } from '../application/ports.js';
import { type AccountsDatabase, type ProjectTable } from './accounts-database.js';

export class PostgresProjects implements Projects {
  constructor(private readonly db: Kysely<AccountsDatabase>) {}

  async add({ id, customerId, name }: NewProject, change: Change): Promise<Project | null> {
    const row = await transactionOf<AccountsDatabase>(change)
      .insertInto('accounts.projects')
      .values({ ...(id === undefined ? {} : { project_id: id }), customer_id: customerId, name })
      .onConflict((conflict) => conflict.doNothing())
      .returningAll()
      .executeTakeFirst();
    return row ? fromRow(row) : null;
  }

  async list({ limit, after }: PageRequest, of: string | undefined): Promise<Project[]> {
    let page = this.db.selectFrom('accounts.projects').selectAll().orderBy('project_id').limit(limit);
    if (after !== null) page = page.where('project_id', '>', after);
    if (of !== undefined) page = page.where('customer_id', '=', of);
    return (await page.execute()).map(fromRow);
  }

  async find(id: string): Promise<Project | null> {
    const row = await this.db.selectFrom('accounts.projects').selectAll().where('project_id', '=', id).executeTakeFirst();
    return row ? fromRow(row) : null;
  }
}

const fromRow = (row: Selectable<ProjectTable>): Project => ({ id: row.project_id, customerId: row.customer_id, name: row.name, createdAt: row.created_at });
