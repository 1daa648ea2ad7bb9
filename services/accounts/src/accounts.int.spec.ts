import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { eventually, freshDatabase, type FreshDatabase, freshNats, type FreshNats, type RunningService, startService } from '@ledgerline/testing';
import pg from 'pg';

const ADMIN_KEY = 'the-first-admin-key';

interface Answer {
  status: number;
  json: Record<string, unknown> & { data: Record<string, unknown>[] };
}

describe('accounts', () => {
  let database: FreshDatabase;
  let nats: FreshNats;
  let db: pg.Client;
  let service: RunningService;

  const environment = () => ({ DATABASE_URL: database.url, NATS_URL: nats.url, ADMIN_KEY, STREAM_MAX_BYTES: '100000000', LEASE_TTL_MS: '2000' });
  const call = async (method: string, path: string, body?: unknown, key = ADMIN_KEY): Promise<Answer> => {
    const headers: Record<string, string> = { 'x-api-key': key };
    if (body !== undefined) headers['content-type'] = 'application/json';
    const answer = await fetch(service.url + path, { method, headers, body: body === undefined ? undefined : JSON.stringify(body) });
    const text = await answer.text();
    return { status: answer.status, json: text === '' ? undefined : JSON.parse(text) };
  };
  const create = async (name: string, role: string): Promise<{ id: string; key: string }> => (await call('POST', '/v1/keys', { name, role })).json as never;

  beforeAll(async () => {
    [database, nats] = await Promise.all([freshDatabase(), freshNats()]);
    db = new pg.Client({ connectionString: database.url });
    await db.connect();
    service = await startService('accounts', environment());
  });
  afterAll(async () => {
    await service.stop();
    await db.end();
    await nats.stop();
    await database.drop();
  });

  it('the configured admin key opens; no key and a wrong key do not', async () => {
    expect((await call('GET', '/v1/keys')).status).toBe(200);
    expect((await call('GET', '/v1/keys', undefined, 'another-key')).status).toBe(401);
    expect((await fetch(`${service.url}/v1/keys`)).status).toBe(401);
  });

  it('the last admin key cannot be revoked', async () => {
    const [only] = (await call('GET', '/v1/keys')).json.data;
    expect(await call('DELETE', `/v1/keys/${only!['id']}`)).toMatchObject({ status: 409, json: { code: 'last_admin_key' } });
  });

  it('a key works from the moment it is made, is shown once, and only its hash is kept', async () => {
    const made = await call('POST', '/v1/keys', { name: 'loader', role: 'producer' });
    expect(made.status).toBe(201);
    const key = made.json['key'] as string;
    expect(key).toMatch(/^ll_[0-9A-Za-z]{8}_[0-9A-Za-z]{32,}$/);
    expect(made.json).toMatchObject({ name: 'loader', role: 'producer', prefix: key.slice(0, 11) });
    expect((await call('GET', '/v1/keys', undefined, key)).status).toBe(403);
    const { rows } = await db.query(`select k::text as everything from accounts.keys k`);
    expect(JSON.stringify(rows)).not.toContain(key.slice(12));
    expect(JSON.stringify((await call('GET', '/v1/keys')).json)).not.toContain(key.slice(12));
    expect(service.log()).not.toContain(key.slice(12));
  });

  it('a revoked key stops opening within a second; revoking again is no error', async () => {
    const { id, key } = await create('short-lived', 'admin');
    expect((await call('GET', '/v1/keys', undefined, key)).status).toBe(200);
    expect((await call('DELETE', `/v1/keys/${id}`)).status).toBe(204);
    await eventually(async () => expect((await call('GET', '/v1/keys', undefined, key)).status).toBe(401), { timeoutMs: 1_000 });
    expect((await call('DELETE', `/v1/keys/${id}`)).status).toBe(204);
  });

  it('admin keys that are revoked all at once leave one', async () => {
    const others = await Promise.all(Array.from({ length: 5 }, (_, i) => create(`racer ${i}`, 'admin')));
    const live = (await call('GET', '/v1/keys')).json.data.filter((key) => key['role'] === 'admin' && key['revoked_at'] === null);
    expect(live).toHaveLength(others.length + 1);
    // Each revokes itself with itself, so none can be shut out by another.
    const outcomes = await Promise.all(
      live.map(({ id }) => call('DELETE', `/v1/keys/${String(id)}`, undefined, others.find((other) => other.id === id)?.key)),
    );
    expect(outcomes.map(({ status }) => status).sort()).toEqual([...others.map(() => 204), 409]);
    await db.query(`update accounts.keys set revoked_at = null where name = 'configured admin key'`);
    await eventually(async () => expect((await call('GET', '/v1/keys')).status).toBe(200));
  });

  it.each([
    [{ role: 'producer' }, ['name']],
    [{ name: 'x', role: 'owner' }, ['role']],
    [{ name: '', role: 'admin', extra: 1 }, ['extra', 'name']],
    [{ name: 'a\u0000b', role: 'admin' }, ['name']],
    [['x'], ['body']],
  ])('the bad fields of a new key are named: %j', async (body, fields) => {
    const { status, json } = await call('POST', '/v1/keys', body);
    expect(status).toBe(422);
    expect((json['errors'] as { field: string }[]).map(({ field }) => field).sort()).toEqual(fields);
  });

  it.each(['no-uuid', '00000000-0000-0000-0000-000000000000'])('revoking the unknown key %s is a 404', async (id) => {
    expect(await call('DELETE', `/v1/keys/${id}`)).toMatchObject({ status: 404, json: { code: 'key_not_found' } });
  });

  it('a customer is entered once, and the list is read page by page', async () => {
    for (const id of ['acme', 'büro', 'zeta']) expect((await call('POST', '/v1/customers', { customer_id: id, name: `Customer ${id}` })).status).toBe(201);
    expect(await call('POST', '/v1/customers', { customer_id: 'acme' })).toMatchObject({ status: 409, json: { code: 'customer_exists' } });
    const seen: unknown[] = [];
    let cursor = '';
    do {
      const { json } = await call('GET', `/v1/customers?limit=2${cursor}`);
      seen.push(...json.data.map((customer) => customer['customer_id']));
      cursor = json['next_cursor'] === null ? '' : `&cursor=${encodeURIComponent(String(json['next_cursor']))}`;
    } while (cursor !== '');
    expect(seen).toEqual(['acme', 'büro', 'zeta']);
    const { rows } = await db.query(`select customer_id, created_by from accounts.published_customers where customer_id = 'acme'`);
    expect(rows).toEqual([{ customer_id: 'acme', created_by: 'admin' }]);
  });

  it('starting again neither adds the configured key twice nor brings it back once revoked', async () => {
    await create('another admin', 'admin');
    const rows = async () => (await db.query(`select revoked_at is not null as revoked from accounts.keys where name = 'configured admin key'`)).rows;
    await db.query(`update accounts.keys set revoked_at = now() where name = 'configured admin key'`);
    expect(await service.stop()).toMatchObject({ code: 0 });
    service = await startService('accounts', environment());
    expect(await rows()).toEqual([{ revoked: true }]);
    expect((await call('GET', '/v1/keys')).status).toBe(401);
  });
});
