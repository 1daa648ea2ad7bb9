import { type Kysely, type RawBuilder, sql } from 'kysely';
import { type AdminLog, type AdminLogEntry, type AdminLogFilter } from '../application/admin-log.js';
import { type AccountsDatabase } from './accounts-database.js';

/** The services that keep such a log, each in a view of its own. */
const VIEWS = ['accounts', 'quota', 'alerting'].map((schema) => `${schema}.published_admin_log`);

export class PostgresAdminLog implements AdminLog {
  constructor(private readonly db: Kysely<AccountsDatabase>) {}

  async list(filter: AdminLogFilter): Promise<AdminLogEntry[]> {
    const matching = condition(filter);
    // Each log gives what one page can need of it; the newest of all of them are the page.
    const pages = (await this.views()).map((view) => sql`(select * from ${sql.table(view)} where ${matching} order by at desc, id desc limit ${filter.limit})`);
    const { rows } = await sql<AdminLogEntry>`
      select id, to_char(at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') as at, actor_type as "actorType", actor, action,
        object_type as "objectType", object_id as "objectId", customer_id as "customerId", before, after, trace_id as "traceId"
      from (${sql.join(pages, sql` union all `)}) as entry
      order by entry.at desc, id desc limit ${filter.limit}`.execute(this.db);
    return rows;
  }

  /** Those that are there: a service makes its own when it first starts. */
  private async views(): Promise<string[]> {
    const found = await sql<{ view: string }>`
      select view from unnest(${VIEWS}::text[]) as view where to_regclass(view) is not null`.execute(this.db);
    return found.rows.map(({ view }) => view);
  }
}

function condition({ actor, action, customerId, objectId, from, to, behind }: AdminLogFilter): RawBuilder<unknown> {
  const terms = [sql`true`];
  if (actor !== undefined) terms.push(sql`actor = ${actor}`);
  if (action !== undefined) terms.push(sql`action = ${action}`);
  if (customerId !== undefined) terms.push(sql`customer_id = ${customerId}`);
  if (objectId !== undefined) terms.push(sql`object_id = ${objectId}`);
  if (from !== undefined) terms.push(sql`at >= ${from}::timestamptz`);
  if (to !== undefined) terms.push(sql`at < ${to}::timestamptz`);
  if (behind !== undefined) terms.push(sql`(at, id) < (${behind.at}::timestamptz, ${behind.id}::uuid)`);
  return sql.join(terms, sql` and `);
}
