import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { ADMIN_KEY, eventually, freshDatabase, type FreshDatabase, freshNats, type FreshNats, type RunningService, startAccounts, startService } from '@ledgerline/testing';
import { connect } from 'node:net';
import pg from 'pg';

const PROBLEM = 'application/problem+json; charset=utf-8';
const MIB = 1024 ** 2;

/** A route of each service, and the largest body that is read. */
const SERVICES = [
  { name: 'accounts', path: '/v1/projects', limit: MIB },
  { name: 'quota', path: '/v1/quotas', limit: MIB },
  { name: 'alerting', path: '/v1/alerts', limit: MIB },
  { name: 'ingest', path: '/v1/events', limit: 16 * MIB },
] as const;

let database: FreshDatabase;
let nats: FreshNats;
let db: pg.Client;
const running = new Map<string, RunningService>();

const ask = async (service: string, path: string, init: RequestInit = {}) => {
  const answer = await fetch(running.get(service)!.url + path, { ...init, headers: { 'content-type': 'application/json', authorization: `Bearer ${ADMIN_KEY}`, ...init.headers } });
  const text = await answer.text();
  return { status: answer.status, type: answer.headers.get('content-type'), text };
};
/** All that is answered on a bare connection until it is closed. */
const raw = (service: string, text: string) =>
  new Promise<string>((resolve, reject) => {
    const { port, hostname } = new URL(running.get(service)!.url);
    let answer = '';
    const socket = connect(Number(port), hostname, () => socket.write(text));
    socket.on('data', (chunk) => (answer += String(chunk)));
    socket.on('close', () => resolve(answer));
    socket.on('error', reject);
  });
/** A request that never ends, a byte at a time. */
const drip = (service: string, head: string) =>
  new Promise<string>((resolve) => {
    const { port, hostname } = new URL(running.get(service)!.url);
    let answer = '';
    let drops: NodeJS.Timeout | undefined;
    const socket = connect(Number(port), hostname, () => {
      socket.write(head);
      drops = setInterval(() => socket.write('x'), 20);
    });
    socket.on('data', (chunk) => (answer += String(chunk)));
    socket.on('error', () => undefined);
    socket.on('close', () => {
      clearInterval(drops);
      resolve(answer);
    });
  });

beforeAll(async () => {
  [database, nats] = await Promise.all([freshDatabase(), freshNats()]);
  const env = {
    DATABASE_URL: database.url,
    NATS_URL: nats.url,
    PARTITIONS: '1',
    STREAM_MAX_BYTES: String(64 * MIB),
    USAGE_ID_KEY: '000102030405060708090a0b0c0d0e0f',
    REQUEST_TIMEOUT_MS: '600',
    LOG_LEVEL: 'trace',
  };
  running.set('accounts', (await startAccounts(env)).service);
  for (const { name } of SERVICES.slice(1)) running.set(name, await startService(name, env));
  db = new pg.Client({ connectionString: database.url });
  await db.connect();
}, 60_000);
afterAll(async () => {
  await Promise.all([...running.values()].map((service) => service.stop()));
  await db?.end();
  await nats?.stop();
  await database?.drop();
});

describe.each(SERVICES)('$name', ({ name, path, limit }) => {
  it.each([
    ['a head', `POST ${path} HTTP/1.1\r\nhost: x\r\nauthorization: Bearer ${ADMIN_KEY}\r\n`],
    ['a body', `POST ${path} HTTP/1.1\r\nhost: x\r\nauthorization: Bearer ${ADMIN_KEY}\r\ncontent-type: application/json\r\ncontent-length: 1000\r\n\r\n{`],
  ])('answers %s that stalls, or drips, with 408 and closes', async (_, text) => {
    for (const send of [raw, drip]) expect(await send(name, text)).toMatch(/^HTTP\/1\.1 408 [\s\S]*"code":"request_timeout"/);
  });

  it('answers headers that are too large with 431', async () => {
    expect(await raw(name, `GET ${path} HTTP/1.1\r\nhost: x\r\nauthorization: Bearer ${'x'.repeat(20_000)}\r\n\r\n`)).toMatch(/^HTTP\/1\.1 431 [\s\S]*"code":"headers_too_large"/);
  });

  it('answers a body that is too large with 413, whether it says how long it is or not', async () => {
    const body = JSON.stringify('x'.repeat(limit));
    for (const sent of [body, new Blob([body]).stream()]) expect(await ask(name, path, { method: 'POST', body: sent, duplex: 'half' } as RequestInit)).toMatchObject({ status: 413, type: PROBLEM, text: expect.stringContaining('"code":"body_too_large"') });
  });

  it('is there for the next one', async () => {
    expect((await fetch(`${running.get(name)!.url}/readyz`)).status).toBe(200);
  });
});

describe('an error that nobody expected', () => {
  it.each([
    ['accounts', '/v1/projects', 'accounts.projects'],
    ['quota', '/v1/quotas', 'quota.quotas'],
    ['alerting', '/v1/alerts', 'alerting.alerts'],
  ])('of %s is a 500 that says nothing of it, and stands in its log', async (name, path, table) => {
    await db.query(`alter table ${table} rename to gone`);
    const answer = await ask(name, path);
    await db.query(`alter table ${table.split('.')[0]}.gone rename to ${table.split('.')[1]}`);
    expect(answer).toEqual({ status: 500, type: PROBLEM, text: JSON.stringify({ type: 'about:blank', title: 'Internal Server Error', status: 500, code: 'internal', detail: 'The request could not be completed.' }) });
    await eventually(() => expect(running.get(name)!.log()).toContain(`relation \\"${table}\\" does not exist`));
  });
});

describe('logs', () => {
  it('have no key in them at the finest level, however it was sent and whatever became of the request', async () => {
    const { key } = JSON.parse((await ask('accounts', '/v1/keys', { method: 'POST', body: JSON.stringify({ name: 'logged?', scopes: ['ingest', 'read', 'admin'] }) })).text) as { key: string };
    const wrong = 'll_wrongkey_0123456789abcdefghijABCDEFGHIJ01';
    const bodies = (secret: string) => [`{"key": "${secret}"}`, `{"key": "${secret}`, `"${secret}"`, JSON.stringify({ name: secret, customer_id: secret, metric: secret }), 'x'.repeat(2 * MIB) + secret];
    await db.query('alter table accounts.projects rename to gone');
    for (const { name, path } of SERVICES) {
      for (const secret of [key, wrong]) {
        const as: Record<string, string>[] = [{ authorization: `Bearer ${secret}` }, { authorization: secret }, { authorization: '', 'x-api-key': secret }];
        for (const headers of as) await ask(name, `${path}?key=${secret}`, { headers });
        for (const body of bodies(secret)) await ask(name, path, { method: 'POST', body });
        await raw(name, `BROKEN ${path} HTTP/1.1\r\nauthorization: Bearer ${secret}\r\nbroken\r\n\r\n`);
        await raw(name, `POST ${path} HTTP/1.1\r\nhost: x\r\nauthorization: Bearer ${secret}\r\n`);
      }
    }
    await db.query('alter table accounts.gone rename to projects');
    for (const { name } of SERVICES) {
      const log = running.get(name)!.log();
      expect([name, log]).toEqual([name, expect.stringContaining('"level":20')]);
      for (const secret of [ADMIN_KEY, key, wrong]) expect([name, log.includes(secret)]).toEqual([name, false]);
    }
  });
});
