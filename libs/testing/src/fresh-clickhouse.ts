import { randomBytes } from 'node:crypto';
import { serverUrl } from './environment.js';

export interface FreshClickhouse {
  /** http://user:password@host:port/database of a database that no other test uses. */
  url: string;
  database: string;
  /** Runs one statement in it and returns the answer's text (TabSeparated unless it says FORMAT). */
  query(statement: string): Promise<string>;
  drop(): Promise<void>;
}

/** Runs one statement over HTTP; the URL names user, password and database. Throws the server's message. */
async function execute(url: string, statement: string): Promise<string> {
  const target = new URL(url);
  const headers = {
    Connection: 'close',
    'X-ClickHouse-User': decodeURIComponent(target.username),
    'X-ClickHouse-Key': decodeURIComponent(target.password),
    'X-ClickHouse-Database': target.pathname.slice(1),
  };
  const answer = await fetch(target.origin, { method: 'POST', headers, body: statement });
  const text = await answer.text();
  if (!answer.ok) throw new Error(text);
  return text;
}

/** An empty ClickHouse database of its own, on the server shared by the run. */
export async function freshClickhouse(): Promise<FreshClickhouse> {
  const base = serverUrl('CLICKHOUSE_URL');
  const database = `ledgerline_test_${randomBytes(6).toString('hex')}`;
  await execute(base, `CREATE DATABASE ${database}`);
  const url = new URL(base);
  url.pathname = `/${database}`;
  return {
    url: url.href,
    database,
    query: (statement) => execute(url.href, statement),
    drop: async () => void (await execute(base, `DROP DATABASE IF EXISTS ${database} SYNC`)),
  };
}
