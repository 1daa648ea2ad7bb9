import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Body, Controller, Get, Module, Post, Req } from '@nestjs/common';
import { eventually, freshDatabase, type FreshDatabase } from '@ledgerline/testing';
import { type FastifyRequest } from 'fastify';
import { connect } from 'node:net';
import pg from 'pg';
import { hashKey, RequireScope, type RunningService, serviceConfig, startService } from './index.js';

const CALLER = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';

let slowRequests = 0;

@Controller('v1')
class ThingsController {
  @Get('things')
  list() {
    return { data: [] };
  }

  @RequireScope('ingest', 'anyone')
  @Post('things')
  create(@Body() body: unknown, @Req() request: FastifyRequest) {
    return { body, principal: request.principal, traceparent: request.trace?.traceparent ?? null };
  }

  @Get('broken')
  broken() {
    throw new Error('hunter2');
  }

  @Get('slow')
  async slow() {
    slowRequests += 1;
    return new Promise((resolve) => setTimeout(() => resolve({ done: true }), 500));
  }
}

@Module({ controllers: [ThingsController] })
class ThingsModule {}

describe('a service', () => {
  let database: FreshDatabase;
  let admin: pg.Client;
  let service: RunningService;

  const start = (url = database.url) =>
    startService({ name: 'things', schema: serviceConfig, module: () => ({ module: ThingsModule }), bodyLimitBytes: 10_000 }, { PORT: '0', DATABASE_URL: url, REQUEST_TIMEOUT_MS: '1000', LOG_LEVEL: 'silent' });
  const ask = async (path: string, init: RequestInit = {}) => {
    const answer = await fetch(service.url + path, init);
    const text = await answer.text();
    return { status: answer.status, type: answer.headers.get('content-type'), headers: answer.headers, text, json: text.startsWith('{') ? JSON.parse(text) : undefined };
  };
  const post = (key: string, body: string, type = 'application/json') =>
    ask('/v1/things', { method: 'POST', body, headers: { 'x-api-key': key, 'content-type': type } });
  /** What the server sends back on a bare connection until it closes it, and how much of `body` it had been sent by then. */
  const raw = (head: string, body = '') =>
    new Promise<string>((resolve, reject) => {
      const { port, hostname } = new URL(service.url);
      let answer = '';
      const socket = connect(Number(port), hostname, () => socket.write(head + body));
      socket.on('data', (chunk) => (answer += String(chunk)));
      socket.on('close', () => resolve(answer));
      socket.on('error', reject);
    });

  beforeAll(async () => {
    database = await freshDatabase();
    admin = new pg.Client({ connectionString: database.url });
    await admin.connect();
    service = await start();
  });
  afterAll(async () => {
    await service.close();
    await admin.end();
    await database.drop();
  });

  it('is alive but not ready, and opens nothing, until it has read the keys', async () => {
    expect((await ask('/healthz')).status).toBe(200);
    const ready = await ask('/readyz');
    expect(ready.status).toBe(503);
    expect(ready.json.checks.keys.reason).toMatch(/accounts.published_keys/);
    expect((await post('admin-key', '{}')).json).toMatchObject({ status: 503, code: 'keys_unavailable' });

    await admin.query(`create schema accounts; create table accounts.published_keys (hash text, key_id text, customer_id text, scopes text[], expires_at timestamptz, revoked boolean, requests_per_second int, events_per_second int, user_id text)`);
    await admin.query(`insert into accounts.published_keys values ($1, 'a', null, '{ingest,read,admin}', null, false), ($2, 'p', null, '{ingest}', null, false), ($3, 'r', null, '{admin}', null, true)`, [
      hashKey('admin-key'),
      hashKey('producer-key'),
      hashKey('revoked-key'),
    ]);
    await eventually(async () => expect((await ask('/readyz')).status).toBe(200));
  });

  it.each([
    ['admin-key', 200, 201],
    ['producer-key', 403, 201],
    ['revoked-key', 401, 401],
    ['wrong-key', 401, 401],
    [undefined, 401, 401],
  ])('the key %p gets %i on an admin route and %i on a producer route', async (key, onAdmin, onProducer) => {
    const bearer: Record<string, string> = key === undefined ? {} : { authorization: `Bearer ${key}` };
    const header: Record<string, string> = key === undefined ? {} : { 'x-api-key': key };
    for (const headers of [bearer, header]) {
      expect((await ask('/v1/things', { headers })).status).toBe(onAdmin);
      expect((await ask('/v1/things', { method: 'POST', body: '{}', headers: { ...headers, 'content-type': 'application/json' } })).status).toBe(onProducer);
    }
  });

  it('an unauthenticated answer names the scheme; an unknown path tells nothing to a stranger', async () => {
    expect((await ask('/v1/things')).headers.get('www-authenticate')).toBe('Bearer');
    expect((await ask('/v1/nothing')).status).toBe(401);
    expect((await ask('/v1/nothing', { headers: { 'x-api-key': 'producer-key' } })).json).toMatchObject({ status: 404, code: 'not_found' });
    expect((await ask('/v1/things', { headers: { authorization: 'Basic YWRtaW4ta2V5' } })).status).toBe(401);
  });

  it('every error is problem+json with its code and without a stack', async () => {
    const headers = { 'x-api-key': 'admin-key' };
    const answers = [
      [await post('admin-key', '{"a":'), 400, 'malformed_json'],
      [await post('admin-key', ''), 400, 'malformed_json'],
      [await post('admin-key', 'x', 'text/plain'), 415, 'unsupported_media_type'],
      [await post('admin-key', JSON.stringify('x'.repeat(20_000))), 413, 'body_too_large'],
      [await ask('/v1/broken', { headers }), 500, 'internal'],
      [await ask('/v1/%zz', { headers }), 400, 'malformed_url'],
      [await ask('/v1/things', { method: 'DELETE', headers }), 404, 'not_found'],
    ] as const;
    for (const [answer, status, code] of answers) {
      expect(answer.type).toBe('application/problem+json; charset=utf-8');
      expect(answer.json).toMatchObject({ type: 'about:blank', status, code });
      expect(answer.status).toBe(status);
      expect(answer.text).not.toMatch(/hunter2|node_modules|\.ts:/);
    }
  });

  it('an unauthorised upload is refused at its head, before its body is sent', async () => {
    const started = performance.now();
    const answer = await raw('POST /v1/things HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: 9000\r\nconnection: close\r\n\r\n');
    expect(answer).toMatch(/^HTTP\/1\.1 401 /);
    expect(performance.now() - started).toBeLessThan(900);
  });

  it.each([
    ['a body', 'POST /v1/things HTTP/1.1\r\nhost: x\r\nx-api-key: admin-key\r\ncontent-type: application/json\r\ncontent-length: 100\r\n\r\n{"a"'],
    ['a head', 'POST /v1/things HTTP/1.1\r\nhost: x\r\n'],
  ])('%s that stalls is answered 408 and the connection closed', async (_, head) => {
    const answer = await raw(head);
    expect(answer).toMatch(/^HTTP\/1\.1 408 /);
    expect(answer).toContain('"code":"request_timeout"');
  });

  it('what is no HTTP is answered 400 as a problem', async () => {
    expect(await raw('garbage\r\n\r\n')).toMatch(/^HTTP\/1\.1 400 [\s\S]*"code":"malformed_request"/);
  });

  it("the caller's trace goes on", async () => {
    const headers = { 'x-api-key': 'admin-key', 'content-type': 'application/json', traceparent: CALLER };
    const { json } = await ask('/v1/things', { method: 'POST', body: '{}', headers });
    expect(json.traceparent).toMatch(/^00-0af7651916cd43dd8448eb211c80319c-[0-9a-f]{16}-01$/);
    expect(json.principal).toMatchObject({ keyId: 'a', customerId: null });
    expect((await post('admin-key', '{}')).json.traceparent).toBeNull();
  });

  it('metrics count requests by route and need no key', async () => {
    const { status, text } = await ask('/metrics');
    expect(status).toBe(200);
    expect(text).toMatch(/http_server_requests_total\{method="POST",route="\/v1\/things",status="201"/);
    expect(text).toContain('process_resident_memory_bytes');
  });

  it('a key with a limit gets so many answers a second, is told how many are left, and when to come again', async () => {
    await admin.query(`insert into accounts.published_keys values ($1, 'slow', null, '{ingest}', null, false, 3, null)`, [hashKey('slow-key')]);
    const send = () => ask('/v1/things', { method: 'POST', body: '{}', headers: { 'x-api-key': 'slow-key', 'content-type': 'application/json' } });
    expect((await send()).status).toBe(201);
    const answers = await Promise.all(Array.from({ length: 20 }, send));
    const refused = answers.filter(({ status }) => status === 429);
    expect(refused.length).toBeGreaterThan(0);
    for (const { json, headers } of refused) {
      expect(json).toMatchObject({ status: 429, code: 'rate_limited' });
      expect([headers.get('retry-after'), headers.get('ratelimit-policy'), headers.get('ratelimit')]).toEqual(['1', '"requests";q=3;w=1', '"requests";r=0;t=1']);
    }
    const taken = await eventually(async () => {
      const answer = await send();
      return answer.status === 201 && answer;
    });
    expect(taken.headers.get('ratelimit')).toMatch(/^"requests";r=[0-2];t=1$/);
    expect((await post('admin-key', '{}')).json).toMatchObject({ body: {} });
  });

  it('a new key opens at once; a revoked one stops after the notice', async () => {
    await admin.query(`insert into accounts.published_keys values ($1, 'n', null, '{ingest}', null, false)`, [hashKey('new-key')]);
    expect((await post('new-key', '{}')).status).toBe(201);
    await admin.query(`update accounts.published_keys set revoked = true where key_id = 'n'; notify accounts_keys`);
    await eventually(async () => expect((await post('new-key', '{}')).status).toBe(401), { timeoutMs: 1_000 });
  });

  it('while Postgres is away the last snapshot serves, and changes are seen when it is back', async () => {
    const root = new pg.Client({ connectionString: Object.assign(new URL(database.url), { pathname: '/postgres' }).href });
    await root.connect();
    const name = new URL(database.url).pathname.slice(1);
    await admin.query(`insert into accounts.published_keys values ($1, 'late', null, '{ingest,admin}', null, false)`, [hashKey('late-key')]);
    await root.query(`alter database ${name} allow_connections false`);
    await root.query(`select pg_terminate_backend(pid) from pg_stat_activity where application_name like 'ledgerline-things/%' and datname = '${name}'`);
    expect((await post('admin-key', '{}')).status).toBe(201);
    expect((await ask('/readyz')).status).toBe(200);
    await root.query(`alter database ${name} allow_connections true`);
    await root.end();
    await eventually(async () => expect((await post('late-key', '{}')).status).toBe(201));
  });

  it('closing finishes the request in flight and then refuses connections', async () => {
    const other = await start();
    await eventually(async () => expect((await fetch(`${other.url}/readyz`)).status).toBe(200));
    const inFlight = fetch(`${other.url}/v1/slow`, { headers: { 'x-api-key': 'admin-key' } });
    await eventually(() => expect(slowRequests).toBe(1), { intervalMs: 1 });
    const started = performance.now();
    const closed = other.close();
    expect(await (await inFlight).json()).toEqual({ done: true });
    await closed;
    expect(performance.now() - started).toBeLessThan(3_000);
    await expect(fetch(`${other.url}/healthz`)).rejects.toThrow();
  });
});
