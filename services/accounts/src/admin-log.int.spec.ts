import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { type FreshDatabase, freshDatabase, type FreshNats, freshNats, type RunningService, startService } from '@ledgerline/testing';
import pg from 'pg';

const ADMIN_KEY = 'the-first-admin-key';
const TRACE = '0af7651916cd43dd8448eb211c80319c';

type Entry = Record<string, unknown> & { id: string; at: string; before: object | null; after: object | null };

describe('GET /v1/admin-log', () => {
  let database: FreshDatabase;
  let nats: FreshNats;
  let accounts: RunningService;
  let quota: RunningService | undefined;
  let db: pg.Client;
  let adminId: string;

  const environment = () => ({ DATABASE_URL: database.url, NATS_URL: nats.url, PARTITIONS: '1', STREAM_MAX_BYTES: '100000000', LEASE_TTL_MS: '2000' });
  const call = async (method: string, path: string, body?: unknown, key = ADMIN_KEY, url = accounts.url) => {
    const headers = { 'x-api-key': key, traceparent: `00-${TRACE}-b7ad6b7169203331-01`, ...(body === undefined ? {} : { 'content-type': 'application/json' }) };
    const answer = await fetch(url + path, { method, headers, body: body === undefined ? undefined : JSON.stringify(body) });
    const text = await answer.text();
    return { status: answer.status, text, json: text === '' ? undefined : JSON.parse(text) };
  };
  const log = async (query = ''): Promise<Entry[]> => (await call('GET', `/v1/admin-log?${query}`)).json.data;

  beforeAll(async () => {
    [database, nats] = await Promise.all([freshDatabase(), freshNats()]);
    accounts = await startService('accounts', { ...environment(), ADMIN_KEY });
    db = new pg.Client({ connectionString: database.url });
    await db.connect();
    adminId = (await call('GET', '/v1/keys')).json.data[0].id;
  });
  afterAll(async () => {
    await Promise.all([accounts?.stop(), quota?.stop()]);
    await db?.end();
    await nats?.stop();
    await database?.drop();
  });

  it('begins with the configured key, which the system made, and answers while no other service has a log', async () => {
    expect(await log()).toMatchObject([{ actor_type: 'system', actor: 'system', action: 'key.created', object: adminId, trace_id: null, after: { name: 'configured admin key' } }]);
  });

  it('has one entry for each thing that an administrator does, with whose key did it, and no secret', async () => {
    const { json: key } = await call('POST', '/v1/keys', { name: 'loader', scopes: ['ingest'], customer_id: 'acme' });
    const { json: next } = await call('POST', `/v1/keys/${key.id}/rotate`, { overlap_seconds: 60 });
    await call('DELETE', `/v1/keys/${next.id}`);
    await call('DELETE', `/v1/keys/${next.id}`);
    const { json: project } = await call('POST', '/v1/projects', { customer_id: 'acme', name: 'Portal' });
    await call('POST', '/v1/customers', { customer_id: 'acme' });
    const { json: user } = await call('POST', '/v1/users', { subject: 'anna', email: 'anna@example.com', customer_id: 'acme', role: 'member' });
    await call('DELETE', `/v1/users/${user.id}`);
    const entries = (await log('customer_id=acme')).reverse();
    expect(entries.map(({ action, object }) => [action, object])).toEqual([
      ['key.created', key.id],
      ['key.rotated', key.id],
      ['key.created', next.id],
      ['key.revoked', next.id],
      ['project.created', project.id],
      ['customer.created', 'acme'],
      ['user.created', user.id],
      ['user.deleted', user.id],
    ]);
    for (const entry of entries) expect(entry).toMatchObject({ actor_type: 'key', actor: adminId, customer_id: 'acme', trace_id: TRACE });
    expect(entries[1]).toMatchObject({ before: { expires_at: null }, after: { expires_at: expect.stringMatching(/^20.*Z$/) } });
    expect(entries[3]).toMatchObject({ before: { revoked_at: null }, after: { revoked_at: expect.stringMatching(/^20.*Z$/) } });
    expect(entries[7]).toMatchObject({ before: { subject: 'anna', role: 'member' }, after: null });
    const all = (await call('GET', '/v1/admin-log?limit=1000')).text;
    for (const secret of [key.key.slice(12), next.key.slice(12), 'anna@example.com']) expect(all).not.toContain(secret);
    expect(all).not.toMatch(/[0-9a-f]{64}/);
  });

  it('has no entry of what was refused', async () => {
    const before = await log();
    expect((await call('POST', '/v1/customers', { customer_id: 'acme' })).status).toBe(409);
    expect((await call('POST', '/v1/keys', { name: 'x', scopes: ['own'] })).status).toBe(422);
    expect((await call('DELETE', `/v1/keys/${adminId}`)).status).toBe(409);
    expect(await log()).toEqual(before);
  });

  it('has what was changed in the database by hand, and nothing of a customer whom an event made', async () => {
    await db.query(`update accounts.keys set name = 'renamed' where id = $1`, [adminId]);
    await db.query(`insert into accounts.customers (customer_id, created_by) values ('by an event', 'event')`);
    expect((await log())[0]).toMatchObject({ actor: 'system', action: 'key.changed', object: adminId, before: { name: 'configured admin key' }, after: { name: 'renamed' } });
    await expect(db.query('delete from accounts.admin_log')).rejects.toThrow('append-only');
  });

  it("shows what a quota's administrators did among the rest as soon as that service keeps a log", async () => {
    quota = await startService('quota', environment());
    const { json: made } = await call('POST', '/v1/quotas', { customer_id: 'globex', metric: 'cost_usd', limit: '0.1' }, ADMIN_KEY, quota.url);
    await call('POST', '/v1/customers', { customer_id: 'globex' });
    await call('PUT', `/v1/quotas/${made.id}`, { limit: '0.25' }, ADMIN_KEY, quota.url);
    await call('DELETE', `/v1/quotas/${made.id}`, undefined, ADMIN_KEY, quota.url);
    expect((await log('customer_id=globex')).map(({ action, actor, trace_id }) => ({ action, actor, trace_id }))).toEqual(['quota.deleted', 'quota.changed', 'customer.created', 'quota.created'].map((action) => ({ action, actor: adminId, trace_id: TRACE })));
    expect((await log(`object=${made.id}&action=quota.changed`))[0]).toMatchObject({ before: { limit: '0.1', version: 1 }, after: { limit: '0.25', version: 2 } });
    expect((await call('POST', '/v1/quotas', { customer_id: 'globex', metric: 'pages', limit: 1 }, ADMIN_KEY, quota.url)).status).toBe(422);
  });

  it('is read page by page, each entry once, whatever is added meanwhile', async () => {
    const all = await log('limit=1000');
    const seen: Entry[] = [];
    let cursor: string | null = '';
    while (cursor !== null) {
      const page: { data: Entry[]; next_cursor: string | null } = (await call('GET', `/v1/admin-log?limit=3${cursor && `&cursor=${cursor}`}`)).json;
      seen.push(...page.data);
      cursor = page.next_cursor;
      await call('POST', '/v1/projects', { customer_id: 'meanwhile' });
    }
    expect(seen).toEqual(all);
    expect([...seen].sort((a, b) => (a.at < b.at ? 1 : -1))).toEqual(seen);
  });

  it('is narrowed by actor and time', async () => {
    const { json: other } = await call('POST', '/v1/keys', { name: 'another admin', scopes: ['admin'] });
    await call('POST', '/v1/projects', { customer_id: 'initech' }, other.key);
    const [mine] = await log(`actor=${other.id}`);
    expect(mine).toMatchObject({ action: 'project.created', customer_id: 'initech' });
    expect((await log(`actor=${other.id}`)).length).toBe(1);
    expect((await log(`from=${mine!.at}`)).map(({ id }) => id)).toEqual([mine!.id]);
    expect((await log(`to=${mine!.at}`)).map(({ id }) => id)).not.toContain(mine!.id);
  });

  it.each(['cursor=x', 'from=yesterday', 'to=0000-01-01T00:00:00Z', 'action=everything', 'limit=0', 'colour=red', 'actor='])('names the bad field of %s', async (query) => {
    expect(await call('GET', `/v1/admin-log?${query}`)).toMatchObject({ status: 422, json: { errors: [{ field: query.split('=')[0] }] } });
  });

  it("is the operator's admins' alone", async () => {
    for (const wanted of [{ scopes: ['read'] }, { scopes: ['admin'], customer_id: 'acme' }]) {
      const { json } = await call('POST', '/v1/keys', { name: 'not for them', ...wanted });
      expect((await call('GET', '/v1/admin-log', undefined, json.key)).status).toBe(403);
    }
  });
});
