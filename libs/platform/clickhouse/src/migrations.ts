import { createClient } from '@clickhouse/client';
import { type ClickHouseClient, connectionOf, selectRows } from './client.js';

/**
 * Migrations of one owner by name, applied in the order of their names. Every statement must bear being run twice (`IF NOT EXISTS`):
 * ClickHouse has no transactions over DDL, so two copies that start together may both run one, and a killed copy leaves one half done.
 */
export type ClickHouseMigrations = Record<string, readonly string[]>;

const REGISTRY = `CREATE TABLE IF NOT EXISTS schema_migrations
(
  owner String,
  name String,
  applied_at DateTime64(3, 'UTC') DEFAULT now64(3)
)
ENGINE = ReplacingMergeTree ORDER BY (owner, name)`;

/** Creates the database named in the URL unless it is there. */
export async function createDatabase(url: string): Promise<void> {
  const { database, ...connection } = connectionOf(url);
  const client = createClient({ ...connection, database: 'default' });
  try {
    await client.command({ query: 'CREATE DATABASE IF NOT EXISTS {name:Identifier}', query_params: { name: database } });
  } finally {
    await client.close();
  }
}

/** Applies what is missing and returns the names it applied. */
export async function migrateClickHouse(client: ClickHouseClient, owner: string, migrations: ClickHouseMigrations): Promise<string[]> {
  await client.command({ query: REGISTRY });
  const rows = await selectRows<{ name: string }>(client, 'SELECT DISTINCT name FROM schema_migrations WHERE owner = {owner:String}', { owner });
  const done = new Set(rows.map(({ name }) => name));
  const pending = Object.keys(migrations).filter((name) => !done.has(name)).sort();
  for (const name of pending) {
    for (const query of migrations[name]!) await client.command({ query });
    await client.insert({ table: 'schema_migrations', values: [{ owner, name }], columns: ['owner', 'name'], format: 'JSONEachRow', clickhouse_settings: { async_insert: 0 } });
  }
  return pending;
}
