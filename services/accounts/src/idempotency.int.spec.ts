import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { type FreshDatabase, freshDatabase, type FreshNats, freshNats, type RunningService, startService } from '@ledgerline/testing';
import pg from 'pg';

const ADMIN_KEY = 'the-first-admin-key';

describe('an administrative request with an Idempotency-Key', () => {
  let database: FreshDatabase;
  let nats: FreshNats;
  let db: pg.Client;
  const running = new Map<string, RunningService>();

  const environment = () => ({ DATABASE_URL: database.url, NATS_URL: nats.url, PARTITIONS: '1', STREAM_MAX_BYTES: '100000000', LEASE_TTL_MS: '2000', LOG_LEVEL: 'trace' });
  const post = async (path: string, body: unknown, idempotencyKey: string, key = ADMIN_KEY) => {
    const { url } = running.get(path.startsWith('/v1/quotas') ? 'quota' : 'accounts')!;
    const answer = await fetch(url + path, { method: 'POST', headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json', 'idempotency-key': idempotencyKey }, body: JSON.stringify(body) });
    return { status: answer.status, text: await answer.text() };
  };
  const entries = async (): Promise<number> => (await db.query('select (select count(*) from accounts.admin_log)::int + (select count(*) from quota.admin_log)::int as n')).rows[0].n;

  beforeAll(async () => {
    [database, nats] = await Promise.all([freshDatabase(), freshNats()]);
    running.set('accounts', await startService('accounts', { ...environment(), ADMIN_KEY }));
    running.set('quota', await startService('quota', environment()));
    db = new pg.Client({ connectionString: database.url });
    await db.connect();
  });
  afterAll(async () => {
    await Promise.all([...running.values()].map((service) => service.stop()));
    await db?.end();
    await nats?.stop();
    await database?.drop();
  });

  const REQUESTS = [
    ['/v1/keys', { name: 'loader', scopes: ['ingest'] }, 1],
    ['/v1/keys/{id}/rotate', { overlap_seconds: 60 }, 2],
    ['/v1/users', { subject: 'anna', email: 'anna@example.com', role: 'viewer' }, 1],
    ['/v1/projects', { customer_id: 'acme' }, 1],
    ['/v1/customers', { customer_id: 'acme' }, 1],
    ['/v1/quotas', { customer_id: 'acme', metric: 'tokens', limit: 1000 }, 1],
  ] as const;

  it.each(REQUESTS)('POST %s: sent again, even many times at once, it has the same answer and changes nothing', async (route, body, changes) => {
    const path = route.includes('{id}') ? route.replace('{id}', JSON.parse((await post('/v1/keys', { name: 'old', scopes: ['read'] }, randomUUID())).text).id) : route;
    const before = await entries();
    const key = randomUUID();
    const first = await post(path, body, key);
    expect(first.status).toBe(201);
    for (const again of await Promise.all(Array.from({ length: 15 }, () => post(path, body, key)))) expect(again).toEqual(first);
    expect(await post(path, { ...body, extra: 1 }, key)).toMatchObject({ status: 422 });
    expect(await entries()).toBe(before + changes);
  });

  it('of another content is refused by name', async () => {
    const key = randomUUID();
    await post('/v1/projects', { customer_id: 'acme' }, key);
    expect(await post('/v1/projects', { customer_id: 'zeta' }, key)).toMatchObject({ status: 422, text: expect.stringContaining('"code":"idempotency_key_reused"') });
    expect(await post('/v1/customers', { customer_id: 'zeta' }, key)).toMatchObject({ status: 422, text: expect.stringContaining('"code":"idempotency_key_reused"') });
  });

  it('that makes a key answers with its secret again, which is neither in the database nor in a log', async () => {
    const key = randomUUID();
    const made = await post('/v1/keys', { name: 'secret', scopes: ['admin'] }, key);
    const { key: secret } = JSON.parse(made.text) as { key: string };
    expect(await post('/v1/keys', { name: 'secret', scopes: ['admin'] }, key)).toEqual(made);
    const tables = await db.query(`select schemaname || '.' || tablename as name from pg_tables where schemaname in ('accounts', 'quota')`);
    for (const { name } of tables.rows) {
      const { rows } = await db.query(`select row_to_json(t)::text as row from ${name} t`);
      // Bytes are in it as hexadecimal digits.
      for (const { row } of rows) for (const hidden of [secret.slice(12), Buffer.from(secret.slice(12)).toString('hex'), key]) expect([name, row.includes(hidden)]).toEqual([name, false]);
    }
    expect(running.get('accounts')!.log()).not.toContain(secret.slice(12));
    expect(await post('/v1/keys', { name: 'secret', scopes: ['admin'] }, key, secret)).not.toEqual(made);
  });

  it('that was refused is judged anew', async () => {
    const key = randomUUID();
    await post('/v1/customers', { customer_id: 'taken' }, randomUUID());
    expect((await post('/v1/customers', { customer_id: 'taken' }, key)).status).toBe(409);
    await db.query(`delete from accounts.customers where customer_id = 'taken'`);
    expect((await post('/v1/customers', { customer_id: 'taken' }, key)).status).toBe(201);
  });

  it('that died with the service before it answered is made once', async () => {
    const key = randomUUID();
    const body = { customer_id: 'killed' };
    const cut = post('/v1/projects', body, key).catch(() => undefined);
    running.get('accounts')!.kill('SIGKILL');
    await cut;
    running.set('accounts', await startService('accounts', { ...environment(), ADMIN_KEY }));
    expect((await post('/v1/projects', body, key)).status).toBe(201);
    expect((await db.query(`select count(*)::int as n from accounts.projects where customer_id = 'killed'`)).rows[0].n).toBe(1);
  });
});
