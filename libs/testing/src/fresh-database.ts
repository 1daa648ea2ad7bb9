import { randomBytes } from 'node:crypto';
import pg from 'pg';
import { serverUrl } from './environment.js';

export interface FreshDatabase {
  /** postgres://… of a database that no other test uses. */
  url: string;
  /** Ends every session in it and removes it. */
  drop(): Promise<void>;
}

async function administer(base: string, statement: string): Promise<void> {
  const client = new pg.Client({ connectionString: base });
  await client.connect();
  try {
    await client.query(statement);
  } finally {
    await client.end();
  }
}

/** An empty Postgres database of its own, on the server shared by the run. */
export async function freshDatabase(): Promise<FreshDatabase> {
  const base = serverUrl('DATABASE_URL');
  const name = `test_${randomBytes(6).toString('hex')}`;
  await administer(base, `CREATE DATABASE ${name}`);
  const url = new URL(base);
  url.pathname = `/${name}`;
  return { url: url.href, drop: () => administer(base, `DROP DATABASE IF EXISTS ${name} WITH (FORCE)`) };
}
