import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { eventually, freshDatabase, type FreshDatabase, freshNats, type FreshNats, linkedPages, type RunningService, startService } from '@ledgerline/testing';
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
  const create = async (name: string, scopes: string[], rest: object = {}): Promise<{ id: string; key: string }> => (await call('POST', '/v1/keys', { name, scopes, ...rest })).json as never;

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
    const made = await call('POST', '/v1/keys', { name: 'loader', scopes: ['ingest'] });
    expect(made.status).toBe(201);
    const key = made.json['key'] as string;
    expect(key).toMatch(/^ll_[0-9A-Za-z]{8}_[0-9A-Za-z]{32,}$/);
    expect(made.json).toMatchObject({ name: 'loader', scopes: ['ingest'], customer_id: null, expires_at: null, prefix: key.slice(0, 11) });
    expect((await call('GET', '/v1/keys', undefined, key)).status).toBe(403);
    const { rows } = await db.query(`select k::text as everything from accounts.keys k`);
    expect(JSON.stringify(rows)).not.toContain(key.slice(12));
    expect(JSON.stringify((await call('GET', '/v1/keys')).json)).not.toContain(key.slice(12));
    expect(service.log()).not.toContain(key.slice(12));
  });

  it('a revoked key stops opening within a second; revoking again is no error', async () => {
    const { id, key } = await create('short-lived', ['admin']);
    expect((await call('GET', '/v1/keys', undefined, key)).status).toBe(200);
    expect((await call('DELETE', `/v1/keys/${id}`)).status).toBe(204);
    await eventually(async () => expect((await call('GET', '/v1/keys', undefined, key)).status).toBe(401), { timeoutMs: 1_000 });
    expect((await call('DELETE', `/v1/keys/${id}`)).status).toBe(204);
  });

  it('admin keys that are revoked all at once leave one', async () => {
    const others = await Promise.all(Array.from({ length: 5 }, (_, i) => create(`racer ${i}`, ['admin'])));
    const live = (await call('GET', '/v1/keys')).json.data.filter((key) => (key['scopes'] as string[]).includes('admin') && key['revoked_at'] === null);
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
    [{ scopes: ['ingest'] }, ['name']],
    [{ name: 'x', scopes: ['own'] }, ['scopes.0']],
    [{ name: 'x', scopes: [] }, ['scopes']],
    [{ name: 'x', scopes: ['read', 'read'] }, ['scopes']],
    [{ name: '', scopes: ['admin'], extra: 1 }, ['extra', 'name']],
    [{ name: 'a\u0000b', scopes: ['admin'] }, ['name']],
    [{ name: 'x', scopes: ['read'], expires_at: 'tomorrow' }, ['expires_at']],
    [{ name: 'x', scopes: ['read'], expires_at: '2020-01-01T00:00:00Z' }, ['expires_at']],
    [['x'], ['body']],
  ])('the bad fields of a new key are named: %j', async (body, fields) => {
    const { status, json } = await call('POST', '/v1/keys', body);
    expect(status).toBe(422);
    expect((json['errors'] as { field: string }[]).map(({ field }) => field).sort()).toEqual(fields);
  });

  it('a key that expires stops opening then', async () => {
    const { key } = await create('brief', ['admin'], { expires_at: new Date(Date.now() + 1_500).toISOString() });
    expect((await call('GET', '/v1/keys', undefined, key)).status).toBe(200);
    await eventually(async () => expect((await call('GET', '/v1/keys', undefined, key)).status).toBe(401), { timeoutMs: 5_000 });
  });

  it('a rotated key and its successor both open for the overlap, with the same rights; then the old one does not', async () => {
    const old = await create('turning', ['admin'], { customer_id: 'acme' });
    const rotated = await call('POST', `/v1/keys/${old.id}/rotate`, { overlap_seconds: 1 });
    expect(rotated).toMatchObject({ status: 201, json: { name: 'turning', scopes: ['admin'], customer_id: 'acme', expires_at: null } });
    expect((await call('GET', '/v1/keys', undefined, rotated.json['key'] as string)).status).toBe(200);
    await eventually(async () => expect((await call('GET', '/v1/keys', undefined, old.key)).status).toBe(401), { timeoutMs: 5_000 });
    expect((await call('GET', '/v1/keys', undefined, rotated.json['key'] as string)).status).toBe(200);
    expect(await call('POST', `/v1/keys/${old.id}/rotate`)).toMatchObject({ status: 409, json: { code: 'key_not_active' } });
  });

  it('an admin of a customer makes, sees, rotates and revokes keys of that customer alone', async () => {
    const { key } = await create("acme's admin", ['admin'], { customer_id: 'acme' });
    const other = await create('of another', ['read'], { customer_id: 'zeta' });
    const operators = await create('of the operator', ['read']);
    const made = await call('POST', '/v1/keys', { name: 'sender', scopes: ['ingest'] }, key);
    expect(made).toMatchObject({ status: 201, json: { customer_id: 'acme' } });
    expect(await call('POST', '/v1/keys', { name: 'sender', scopes: ['ingest'], customer_id: 'zeta' }, key)).toMatchObject({ status: 404, json: { code: 'customer_not_found' } });
    const seen = (await call('GET', '/v1/keys', undefined, key)).json.data;
    expect(new Set(seen.map((one) => one['customer_id']))).toEqual(new Set(['acme']));
    for (const { id } of [other, operators]) {
      expect((await call('DELETE', `/v1/keys/${id}`, undefined, key)).status).toBe(404);
      expect((await call('POST', `/v1/keys/${id}/rotate`, {}, key)).status).toBe(404);
    }
    expect((await call('DELETE', `/v1/keys/${String(made.json['id'])}`, undefined, key)).status).toBe(204);
    expect((await call('GET', '/v1/keys?customer_id=zeta')).json.data.map(({ id }) => id)).toEqual([other.id]);
  });

  it('a user has the scopes of its one membership, and none any more once it is removed', async () => {
    const published = async () => (await db.query(`select subject, customer_id, scopes from accounts.published_members order by subject collate "C"`)).rows;
    const add = (subject: string, role: string, customer_id: string | null) => call('POST', '/v1/users', { subject, role, customer_id, email: `${subject}@example.com` });
    const made = [await add('a', 'admin', null), await add('b', 'viewer', null), await add('c', 'admin', 'acme'), await add('d', 'member', 'acme')];
    expect(made.map(({ status }) => status)).toEqual([201, 201, 201, 201]);
    expect(await published()).toEqual([
      { subject: 'a', customer_id: null, scopes: ['ingest', 'read', 'admin'] },
      { subject: 'b', customer_id: null, scopes: ['read'] },
      { subject: 'c', customer_id: 'acme', scopes: ['ingest', 'read', 'admin'] },
      { subject: 'd', customer_id: 'acme', scopes: ['ingest', 'read'] },
    ]);
    expect(await add('a', 'member', 'acme')).toMatchObject({ status: 409, json: { code: 'user_exists' } });
    expect(await add('e', 'member', null)).toMatchObject({ status: 422, json: { errors: [{ field: 'role', reason: 'must be admin or viewer for the operator' }] } });
    expect(await add('e', 'viewer', 'acme')).toMatchObject({ status: 422, json: { errors: [{ field: 'role', reason: 'must be admin or member for a customer' }] } });
    expect((await call('GET', '/v1/users?customer_id=acme')).json.data.map((user) => user['subject'])).toEqual(['c', 'd']);
    for (const { json } of made) expect((await call('DELETE', `/v1/users/${String(json['id'])}`)).status).toBe(204);
    expect(await published()).toEqual([]);
  });

  it('a project is made once, with the id that is asked for or one of its own', async () => {
    const id = '550e8400-e29b-41d4-a716-446655440000';
    expect(await call('POST', '/v1/projects', { id: id.toUpperCase(), customer_id: 'acme', name: 'Portal' })).toMatchObject({ status: 201, json: { id, customer_id: 'acme', name: 'Portal' } });
    expect(await call('POST', '/v1/projects', { id, customer_id: 'zeta' })).toMatchObject({ status: 409, json: { code: 'project_exists' } });
    expect(await call('POST', '/v1/projects', {})).toMatchObject({ status: 422, json: { errors: [{ field: 'customer_id' }] } });
    expect((await call('POST', '/v1/projects', { customer_id: 'acme' })).json['id']).toMatch(/^[0-9a-f-]{36}$/);
    expect(await call('GET', `/v1/projects/${id}`)).toMatchObject({ status: 200, json: { name: 'Portal' } });
  });

  it('when a key was last used shows in the list', async () => {
    const { id, key } = await create('used', ['read']);
    await call('GET', '/v1/customers', undefined, key);
    await eventually(async () => expect((await call('GET', '/v1/keys?limit=1000')).json.data.find((one) => one.id === id)!['last_used_at']).not.toBeNull(), { timeoutMs: 15_000 });
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
    for (const list of ['customers', 'keys', 'projects', 'users']) {
      const ids = async (limit: number) => (await linkedPages<object>(service.url, `/v1/${list}?limit=${limit}`, ADMIN_KEY)).map((row) => JSON.stringify(row));
      expect(await ids(1)).toEqual(await ids(1000));
    }
    const { rows } = await db.query(`select customer_id, created_by from accounts.published_customers where customer_id = 'acme'`);
    expect(rows).toEqual([{ customer_id: 'acme', created_by: 'admin' }]);
  });

  it('starting again neither adds the configured key twice nor brings it back once revoked', async () => {
    await create('another admin', ['admin']);
    const rows = async () => (await db.query(`select revoked_at is not null as revoked from accounts.keys where name = 'configured admin key'`)).rows;
    await db.query(`update accounts.keys set revoked_at = now() where name = 'configured admin key'`);
    expect(await service.stop()).toMatchObject({ code: 0 });
    service = await startService('accounts', environment());
    expect(await rows()).toEqual([{ revoked: true }]);
    expect((await call('GET', '/v1/keys')).status).toBe(401);
  });
});
