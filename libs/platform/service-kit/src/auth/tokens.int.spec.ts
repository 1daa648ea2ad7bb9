import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { Controller, Get, Module, Req } from '@nestjs/common';
import { eventually, freshDatabase, type FreshDatabase } from '@ledgerline/testing';
import { type FastifyRequest } from 'fastify';
import { type CryptoKey, exportJWK, exportSPKI, generateKeyPair, type JWTPayload, SignJWT } from 'jose';
import { createServer, type Server } from 'node:http';
import { once } from 'node:events';
import { type AddressInfo } from 'node:net';
import pg from 'pg';
import { RequireScope, type RunningService, serviceConfig, startService } from '../index.js';

const ISSUER = 'https://clerk.example.com';
const HOUR_S = 3_600;

@Controller('v1')
@RequireScope('read', 'anyone')
class WhoController {
  @Get('who')
  who(@Req() { principal }: FastifyRequest) {
    return { ...principal, scopes: [...principal.scopes].sort() };
  }
}

@Module({ controllers: [WhoController] })
class WhoModule {}

let database: FreshDatabase;
let db: pg.Client;
let provider: Server;
let keys: Record<'RS256' | 'ES256' | 'EdDSA', { publicKey: CryptoKey; privateKey: CryptoKey }>;
let fetches: number;
const services: RunningService[] = [];

beforeAll(async () => {
  const pair = async (alg: string) => generateKeyPair(alg, { extractable: true });
  keys = { RS256: await pair('RS256'), ES256: await pair('ES256'), EdDSA: await pair('EdDSA') };
  const jwks = { keys: await Promise.all(Object.entries(keys).map(async ([alg, { publicKey }]) => ({ ...(await exportJWK(publicKey)), alg, kid: alg, use: 'sig' }))) };
  provider = createServer((_request, response) => {
    fetches++;
    response.setHeader('content-type', 'application/json').end(JSON.stringify(jwks));
  }).listen(0, '127.0.0.1');
  await once(provider, 'listening');
  database = await freshDatabase();
  db = new pg.Client({ connectionString: database.url });
  await db.connect();
  await db.query(`create schema accounts;
    create table accounts.published_keys (hash text, key_id text, customer_id text, scopes text[], expires_at timestamptz, revoked boolean, requests_per_second int, events_per_second int, user_id text);
    create table accounts.published_members (subject text, customer_id text, scopes text[])`);
});
beforeEach(() => {
  fetches = 0;
});
afterAll(async () => {
  await Promise.all(services.map((service) => service.close()));
  await db.end();
  await database.drop();
  provider.close();
});

async function start(env: Record<string, string> = {}): Promise<(token: string, header?: string) => Promise<{ status: number; body: Record<string, unknown> }>> {
  const { port } = provider.address() as AddressInfo;
  const service = await startService(
    { name: 'who', schema: serviceConfig, module: () => ({ module: WhoModule }) },
    { PORT: '0', LOG_LEVEL: 'silent', DATABASE_URL: database.url, AUTH_ISSUER: ISSUER, AUTH_JWKS_URL: `http://127.0.0.1:${port}/keys`, ...env },
  );
  services.push(service);
  await eventually(async () => expect((await fetch(`${service.url}/readyz`)).status).toBe(200));
  return async (token, header = 'authorization') => {
    const answer = await fetch(`${service.url}/v1/who`, { headers: { [header]: header === 'authorization' ? `Bearer ${token}` : token } });
    return { status: answer.status, body: (await answer.json()) as Record<string, unknown> };
  };
}

const nowS = (): number => Math.floor(Date.now() / 1_000);

function sign(claims: JWTPayload = {}, alg: keyof typeof keys = 'RS256', kid: string = alg): Promise<string> {
  const all = { iss: ISSUER, sub: 'user_2abc', iat: nowS(), exp: nowS() + HOUR_S, ...claims };
  return new SignJWT(all).setProtectedHeader({ alg, kid, typ: 'JWT' }).sign(keys[alg].privateKey);
}

describe('tokens of an identity provider', () => {
  it.each(['RS256', 'ES256', 'EdDSA'] as const)('open with what the membership of their user allows, signed with %s', async (alg) => {
    await db.query(`delete from accounts.published_members; insert into accounts.published_members values ('user_2abc', 'acme', '{ingest,read}')`);
    const who = await start();
    const token = await sign({}, alg);
    for (const header of ['authorization', 'x-api-key']) {
      expect(await who(token, header)).toEqual({ status: 200, body: { kind: 'user', keyId: 'user_2abc', customerId: 'acme', userId: 'user_2abc', scopes: ['ingest', 'read'], limits: { requestsPerSecond: null, eventsPerSecond: null } } });
    }
  });

  it("of a session as Clerk makes it open for the session's organisation", async () => {
    const who = await start({ AUTH_CUSTOMER_CLAIM: 'o.id', AUTH_ROLE_CLAIM: 'o.rol', AUTH_AUTHORIZED_PARTIES: 'https://portal.example.com, https://admin.example.com' });
    const session = { azp: 'https://portal.example.com', sid: 'sess_2abc', sts: 'active', v: 2, fva: [7, -1], nbf: nowS() - 10, exp: nowS() + 60 };
    expect(await who(await sign({ ...session, o: { id: 'org_acme', rol: 'admin', slg: 'acme' } }))).toMatchObject({ status: 200, body: { customerId: 'org_acme', scopes: ['admin', 'ingest', 'read'] } });
    expect(await who(await sign({ ...session, o: { id: 'org_acme', rol: 'member' } }))).toMatchObject({ status: 200, body: { customerId: 'org_acme', scopes: ['ingest', 'read'] } });
    expect((await who(await sign({ ...session, azp: 'https://evil.example.com', o: { id: 'org_acme' } }))).status).toBe(401);
    expect((await who(await sign({ ...session, azp: undefined, o: { id: 'org_acme' } }))).status).toBe(200);
  });

  it('stop to open within a second when the membership ends, and are checked once for many requests', async () => {
    await db.query(`delete from accounts.published_members; insert into accounts.published_members values ('user_2abc', null, '{read}')`);
    const who = await start();
    const token = await sign();
    for (let i = 0; i < 5; i++) expect(await who(token)).toMatchObject({ status: 200, body: { customerId: null } });
    expect(fetches).toBe(1);
    await db.query(`delete from accounts.published_members; notify accounts_keys`);
    await eventually(async () => expect(await who(token)).toMatchObject({ status: 403, body: { code: 'forbidden' } }), { timeoutMs: 1_000 });
  });

  it('that are not the issuer\'s for this API, or not in force, open nothing', async () => {
    await db.query(`delete from accounts.published_members; insert into accounts.published_members values ('user_2abc', 'acme', '{read}')`);
    const who = await start({ AUTH_AUDIENCE: 'ledgerline' });
    const secret = new TextEncoder().encode(await exportSPKI(keys.RS256.publicKey));
    const unsigned = `${btoa(JSON.stringify({ alg: 'none' })).replaceAll('=', '')}.${btoa(JSON.stringify({ iss: ISSUER, sub: 'user_2abc', aud: 'ledgerline', exp: nowS() + HOUR_S })).replaceAll('=', '')}.`;
    const right = { aud: 'ledgerline' };
    const tokens: Record<string, string> = {
      'another issuer': await sign({ ...right, iss: 'https://other.example.com' }),
      'another audience': await sign({ aud: 'other' }),
      'no audience': await sign(),
      expired: await sign({ ...right, exp: nowS() - 60 }),
      'not yet in force': await sign({ ...right, nbf: nowS() + 60 }),
      'without an end': await sign({ ...right, exp: undefined }),
      'without a subject': await sign({ ...right, sub: undefined }),
      'signed with the public key as a secret': await new SignJWT({ iss: ISSUER, sub: 'user_2abc', exp: nowS() + HOUR_S, ...right }).setProtectedHeader({ alg: 'HS256', kid: 'RS256' }).sign(secret),
      unsigned,
      'changed after it was signed': (await sign(right)).replace(/\.[\w-]+\./, `.${btoa(JSON.stringify({ iss: ISSUER, sub: 'root', exp: nowS() + HOUR_S, ...right })).replaceAll('=', '')}.`),
      'of a key that nobody published': await sign(right, 'RS256', 'other'),
      'no token at all': 'ey.ey.ey',
    };
    const statuses = Object.fromEntries(await Promise.all(Object.entries(tokens).map(async ([what, token]) => [what, (await who(token)).status] as const)));
    expect(statuses).toEqual(Object.fromEntries(Object.keys(tokens).map((what) => [what, 401])));
    expect((await who(await sign(right))).status).toBe(200);
  });

  it('open nothing, and say when to come again, while the keys of the provider cannot be read', async () => {
    const who = await start({ AUTH_JWKS_URL: 'http://127.0.0.1:9/keys' });
    expect(await who(await sign())).toMatchObject({ status: 503, body: { code: 'identity_provider_unavailable' } });
  });
});
