import { type Kysely, sql } from 'kysely';
import { type Migration } from 'kysely/migration';

/** SQL for something of a row, which is called `old` or `new`. */
export type OfRow = (row: 'old' | 'new') => string;

/** A table whose rows are changed by administrators alone, or in parts. Names are written into SQL as they are. */
export interface LoggedTable {
  /** Without the schema. */
  readonly table: string;
  /** What a row is called: `key` makes `key.created`. */
  readonly object: string;
  /** Column of the object's id. */
  readonly id: string;
  /** Column of the customer that it belongs to. */
  readonly customer?: string;
  /** What the log shows of a row, by name: columns, or SQL. Nothing secret, no hash, nothing that a person may ask to have deleted: entries stay. */
  readonly shown: readonly (string | readonly [name: string, sql: OfRow])[];
  /** SQL for what a new row is called instead of `created`: for tables whose rows are what is done to an object. */
  readonly called?: OfRow;
  /** Which changes are entries; all of them unless told. */
  readonly changes?: readonly { readonly on: string; readonly when?: string }[];
}

/** Changes that are made on somebody's behalf: for tables that a service changes by itself as well. */
export const BY_AN_ACTOR = `coalesce(current_setting('ledgerline.actor', true), '') <> ''`;

/** A time as the API writes it. */
export const timeOf = (column: string): readonly [string, OfRow] => [column, (row) => `to_char(${row}.${column} at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')`];

/** A number as decimal text: JSON's numbers are floats to most who read them. */
export const decimalOf = (column: string, name = column): readonly [string, OfRow] => [name, (row) => `trim_scale(${row}.${column})::text`];

/**
 * The log of a schema's administrative changes, its published view, and the triggers that write it: a row cannot change without its entry, in
 * whatever way it is changed, and both are of one transaction. Entries come from these triggers alone, and are never changed or deleted.
 */
export function adminLogMigration(schema: string, tables: readonly LoggedTable[]): Migration {
  return {
    async up(db) {
      await createLog(db, schema);
      for (const table of tables) await logChangesOf(db, schema, table);
    },
  };
}

async function createLog(db: Kysely<unknown>, schema: string): Promise<void> {
  const run = (text: string) => sql.raw(text).execute(db);
  await run(`
    create table ${schema}.admin_log (
      id uuid primary key default uuidv7(),
      at timestamptz not null default clock_timestamp(),
      actor_type text not null check (actor_type in ('key', 'user', 'system')),
      actor text collate "C" not null,
      action text not null,
      object_type text not null,
      object_id text collate "C" not null,
      customer_id text collate "C",
      before jsonb,
      after jsonb,
      trace_id text
    )`);
  await run(`create index admin_log_newest on ${schema}.admin_log (at desc, id desc)`);
  await run(`create index admin_log_of_customer on ${schema}.admin_log (customer_id, at desc, id desc)`);
  await run(`create index admin_log_of_object on ${schema}.admin_log (object_id, at desc, id desc)`);
  await run(`
    create view ${schema}.published_admin_log as
      select id, at, actor_type, actor, action, object_type, object_id, customer_id, before, after, trace_id from ${schema}.admin_log`);
  await run(`
    create function ${schema}.keep_admin_log() returns trigger language plpgsql as $$
    begin
      if tg_op = 'INSERT' then
        -- At depth 1 somebody inserts; below it, the trigger of a table that changed.
        if pg_trigger_depth() > 1 then return new; end if;
        raise exception 'an entry of the log of administrative changes comes from the change itself';
      end if;
      raise exception 'the log of administrative changes is append-only';
    end $$`);
  await run(`create trigger keep_entries before insert or update or delete on ${schema}.admin_log for each row execute function ${schema}.keep_admin_log()`);
  await run(`create trigger keep_log before truncate on ${schema}.admin_log for each statement execute function ${schema}.keep_admin_log()`);
  await run(`
    create function ${schema}.refuse_truncate() returns trigger language plpgsql as $$
    begin
      raise exception '%.% is logged row by row: use delete', tg_table_schema, tg_table_name;
    end $$`);
}

/** Writes an entry for each change of a table from here on; again with other terms, it takes the place of what was. */
export async function logChangesOf(db: Kysely<unknown>, schema: string, { table, object, id, customer, shown, called = () => `'created'`, changes = [{ on: 'insert or update or delete' }] }: LoggedTable): Promise<void> {
  const run = (text: string) => sql.raw(text).execute(db);
  const pairs = (row: 'old' | 'new') => shown.map((one) => (typeof one === 'string' ? `'${one}', ${row}.${one}` : `'${one[0]}', ${one[1](row)}`)).join(', ');
  const either = (column: string) => `case when tg_op = 'DELETE' then old.${column} else new.${column} end`;
  await run(`
    create or replace function ${schema}.log_${table}() returns trigger language plpgsql as $$
    declare
      was jsonb := case when tg_op <> 'INSERT' then jsonb_build_object(${pairs('old')}) end;
      became jsonb := case when tg_op <> 'DELETE' then jsonb_build_object(${pairs('new')}) end;
      verb text := case tg_op when 'INSERT' then ${called('new')} when 'DELETE' then 'deleted' else coalesce(nullif(current_setting('ledgerline.verb', true), ''), 'changed') end;
    begin
      insert into ${schema}.admin_log (actor_type, actor, action, object_type, object_id, customer_id, before, after, trace_id) values (
        coalesce(nullif(current_setting('ledgerline.actor_type', true), ''), 'system'),
        coalesce(nullif(current_setting('ledgerline.actor', true), ''), 'system'),
        '${object}.' || verb, '${object}', ${either(id)}, ${customer === undefined ? 'null' : either(customer)},
        was, became, nullif(current_setting('ledgerline.trace_id', true), ''));
      return null;
    end $$`);
  for (const [n, { on, when }] of changes.entries()) {
    await run(`create or replace trigger log_changes_${n} after ${on} on ${schema}.${table} for each row ${when === undefined ? '' : `when (${when})`} execute function ${schema}.log_${table}()`);
  }
  if (changes.every(({ when }) => when !== BY_AN_ACTOR)) await run(`create or replace trigger refuse_truncate before truncate on ${schema}.${table} for each statement execute function ${schema}.refuse_truncate()`);
}
