import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Controller, Get, Header, Module, Post } from '@nestjs/common';
import { eventually, freshDatabase, type FreshDatabase } from '@ledgerline/testing';
import { connect } from 'node:net';
import pg from 'pg';
import { ContentSecurityPolicy, hashKey, ProblemError, RequireScope, type RunningService, serviceConfig, startService } from '../index.js';

const PAGE_POLICY = "default-src 'self'; frame-ancestors 'none'";
const CONSOLE = 'https://console.example.com';

@RequireScope('read', 'anyone')
@Controller('v1')
class ThingsController {
  @Get('things')
  list() {
    return { data: [] };
  }

  @Post('things')
  busy() {
    throw new ProblemError(503, 'busy', 'Come again.', undefined, { 'retry-after': '1' });
  }

  @Get('broken')
  broken() {
    throw new Error('hunter2');
  }
}

@ContentSecurityPolicy(PAGE_POLICY)
@RequireScope('read', 'anyone')
@Controller('page')
class PageController {
  @Get()
  @Header('cache-control', 'public, max-age=60')
  @Header('content-type', 'text/html')
  page() {
    return '<p>';
  }
}

@Module({ controllers: [ThingsController, PageController] })
class ThingsModule {}

const HEADERS = {
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
  'x-frame-options': 'DENY',
  'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
  'cross-origin-resource-policy': 'same-origin',
  'cache-control': 'no-store',
  'strict-transport-security': 'max-age=3600',
};

describe('what every answer says to browsers', () => {
  let database: FreshDatabase;
  let service: RunningService;

  const start = (env: Record<string, string>) =>
    startService({ name: 'things', schema: serviceConfig, module: () => ({ module: ThingsModule }), bodyLimitBytes: 100 }, { PORT: '0', DATABASE_URL: database.url, REQUEST_TIMEOUT_MS: '500', LOG_LEVEL: 'silent', ...env });
  const ask = (path: string, init: RequestInit = {}, key = 'a-key') => fetch(service.url + path, { ...init, headers: { 'x-api-key': key, ...init.headers } });
  const raw = (text: string) =>
    new Promise<string>((resolve, reject) => {
      const { port, hostname } = new URL(service.url);
      let answer = '';
      const socket = connect(Number(port), hostname, () => socket.write(text));
      socket.on('data', (chunk) => (answer += String(chunk)));
      socket.on('close', () => resolve(answer));
      socket.on('error', reject);
    });

  beforeAll(async () => {
    database = await freshDatabase();
    const admin = new pg.Client({ connectionString: database.url });
    await admin.connect();
    await admin.query(`create schema accounts; create table accounts.published_keys (hash text, key_id text, customer_id text, scopes text[], expires_at timestamptz, revoked boolean, requests_per_second int, events_per_second int, user_id text)`);
    await admin.query(`insert into accounts.published_keys values ($1, 'a', null, '{read}', null, false)`, [hashKey('a-key')]);
    await admin.end();
    service = await start({ HSTS_MAX_AGE_S: '3600', CORS_ORIGINS: `${CONSOLE}, http://localhost:3000` });
    await eventually(async () => expect((await fetch(`${service.url}/readyz`)).status).toBe(200));
  });
  afterAll(async () => {
    await service?.close();
    await database?.drop();
  });

  it.each<[string, number, () => Promise<Response>]>([
    ['what was asked for', 200, () => ask('/v1/things')],
    ['a service that is well', 200, () => ask('/healthz')],
    ['an error of the service', 500, () => ask('/v1/broken')],
    ['a refusal with headers of its own', 503, () => ask('/v1/things', { method: 'POST' })],
    ['a missing key', 401, () => fetch(`${service.url}/v1/things`)],
    ['an unknown path', 404, () => ask('/v1/nothing')],
    ['a path that is none', 400, () => ask('/v1/%zz')],
    ['a body that is too large', 413, () => ask('/v1/things', { method: 'POST', body: JSON.stringify('x'.repeat(200)), headers: { 'content-type': 'application/json' } })],
    ['a body of another kind', 415, () => ask('/v1/things', { method: 'POST', body: 'x', headers: { 'content-type': 'text/plain' } })],
  ])('%s: %i', async (_, status, send) => {
    const answer = await send();
    expect(answer.status).toBe(status);
    expect(Object.fromEntries(answer.headers)).toMatchObject(HEADERS);
  });

  it.each([
    ['no HTTP', 400, 'garbage\r\n\r\n'],
    ['a head that stalls', 408, 'GET /v1/things HTTP/1.1\r\nhost: x\r\n'],
    ['headers that are too large', 431, `GET /v1/things HTTP/1.1\r\nhost: x\r\nx-large: ${'x'.repeat(20_000)}\r\n\r\n`],
  ])('%s: %i', async (_, status, text) => {
    const [head] = (await raw(text)).toLowerCase().split('\r\n\r\n');
    expect(head).toMatch(new RegExp(`^http/1.1 ${status} `));
    for (const [name, value] of Object.entries(HEADERS)) expect(head).toContain(`\r\n${name}: ${value.toLowerCase()}`);
  });

  it('a page has its own policy, and may be kept', async () => {
    const { headers } = await ask('/page');
    expect([headers.get('content-security-policy'), headers.get('cache-control'), headers.get('x-frame-options')]).toEqual([PAGE_POLICY, 'public, max-age=60', 'DENY']);
  });

  const preflight = (origin: string) => fetch(`${service.url}/v1/things`, { method: 'OPTIONS', headers: { origin, 'access-control-request-method': 'POST', 'access-control-request-headers': 'authorization,content-type' } });

  it.each([CONSOLE, 'http://localhost:3000'])('a page of %s may ask: its preflight needs no key, its request does, and it can read the headers', async (origin) => {
    const allowed = await preflight(origin);
    expect(allowed.status).toBe(204);
    expect(Object.fromEntries(allowed.headers)).toMatchObject({ 'access-control-allow-origin': origin, 'access-control-allow-methods': expect.stringContaining('POST'), 'access-control-allow-headers': 'authorization,content-type', vary: expect.stringMatching(/origin/i) });
    for (const answer of [await ask('/v1/things', { headers: { origin } }), await ask('/v1/things', { headers: { origin } }, 'another-key'), await ask('/v1/broken', { headers: { origin } })]) {
      expect(answer.headers.get('access-control-allow-origin')).toBe(origin);
      expect(answer.headers.has('access-control-allow-credentials')).toBe(false);
      for (const header of ['retry-after', 'link', 'location', 'ratelimit', 'ratelimit-policy']) expect(answer.headers.get('access-control-expose-headers')!.toLowerCase().split(', ')).toContain(header);
    }
    expect((await fetch(`${service.url}/v1/things`, { headers: { origin } })).status).toBe(401);
  });

  it.each(['https://evil.example.com', 'https://console.example.com.evil.com', 'null'])('a page of %s may not', async (origin) => {
    for (const answer of [await preflight(origin), await ask('/v1/things', { headers: { origin } })]) expect(answer.headers.has('access-control-allow-origin')).toBe(false);
  });

  it.each(['*', 'console.example.com', `${CONSOLE}/`, 'https://*.example.com', 'null'])('%s is no origin that can be configured', async (origin) => {
    await expect(start({ CORS_ORIGINS: origin })).rejects.toThrow('CORS_ORIGINS is not valid: expected exact origins');
  });

  it('no page may ask where none is configured', async () => {
    await service.close();
    service = await start({});
    await eventually(async () => expect((await fetch(`${service.url}/readyz`)).status).toBe(200));
    const answer = await preflight(CONSOLE);
    expect([answer.status, answer.headers.has('access-control-allow-origin'), answer.headers.has('strict-transport-security')]).toEqual([401, false, false]);
    expect((await ask('/v1/things', { headers: { origin: CONSOLE } })).headers.has('access-control-allow-origin')).toBe(false);
  });
});
