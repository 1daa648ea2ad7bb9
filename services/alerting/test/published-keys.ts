import { hashKey } from '@ledgerline/service-kit';
import pg from 'pg';

export const ADMIN_KEY = 'test-admin-key';
export const PRODUCER_KEY = 'test-producer-key';

/** Stands in for the accounts service: its published view, with one key of each role. */
export async function publishKeys(databaseUrl: string): Promise<void> {
  const client = new pg.Client({ connectionString: databaseUrl });
  await client.connect();
  try {
    await client.query(`
      create schema accounts;
      create view accounts.published_keys as
        select '${hashKey(ADMIN_KEY)}'::text as hash, 'admin'::text as role, 'k1'::text as key_id, false as revoked
        union all select '${hashKey(PRODUCER_KEY)}', 'producer', 'k2', false`);
  } finally {
    await client.end();
  }
}

/** A request as an admin; answers status and parsed body. */
export async function call(
  url: string,
  method: string,
  path: string,
  body?: unknown,
  key = ADMIN_KEY,
): Promise<{ status: number; body: never }> {
  const response = await fetch(`${url}${path}`, {
    method,
    headers: { authorization: `Bearer ${key}`, ...(body === undefined ? {} : { 'content-type': 'application/json' }) },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  const text = await response.text();
  return { status: response.status, body: (text === '' ? undefined : JSON.parse(text)) as never };
}
