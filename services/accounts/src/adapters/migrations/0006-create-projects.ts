import { type Kysely, sql } from 'kysely';

/** Projects: a customer's own division of its usage, with ids that it or we choose. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql`
    create table accounts.projects (
      project_id uuid primary key default gen_random_uuid(),
      customer_id text collate "C" not null,
      name text,
      created_at timestamptz not null default now()
    )`.execute(db);
  await sql`create index projects_customer on accounts.projects (customer_id, project_id)`.execute(db);
  await sql`
    create view accounts.published_projects as
      select project_id, customer_id, name, created_at from accounts.projects`.execute(db);
}
