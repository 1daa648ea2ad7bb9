import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { jetstreamManager } from '@nats-io/jetstream';
import { connect } from '@nats-io/transport-node';
import { eventually } from '@ledgerline/testing';
import { Services } from '../../test/services.js';
import { type Finding } from './finding.js';

const services = new Services();
const home = mkdtempSync(join(tmpdir(), 'home-'));

/** A home as the local stack keeps it. */
beforeAll(async () => {
  await services.start(2);
  const { env, running } = services;
  const ports = Object.fromEntries([...running].map(([name, { url }]) => [name, Number(new URL(url).port)]));
  const stack = { generation: 1, partitions: 2, nats_url: env.NATS_URL, database_url: env.DATABASE_URL, clickhouse_url: env.CLICKHOUSE_URL, ports: { ...ports, edge: ports.accounts } };
  writeFileSync(join(home, 'stack.json'), JSON.stringify(stack), { mode: 0o600 });
  writeFileSync(join(home, 'admin-key'), env.ADMIN_KEY!, { mode: 0o600 });
}, 60_000);

afterAll(async () => {
  await services.stop();
  rmSync(home, { recursive: true });
}, 60_000);

/** The local stack, by its home alone, unless variables say otherwise. */
async function doctor(env: NodeJS.ProcessEnv = {}): Promise<{ code: number; found: Map<string, Finding> }> {
  const variables = Object.fromEntries(Object.keys(services.env).map((name) => [name, undefined]));
  const { code, output } = await services.cli(['doctor', '--json'], { ...variables, LEDGERLINE_HOME: home, ...env });
  const { checks } = JSON.parse(output) as { checks: Finding[] };
  for (const { status, advice, check } of checks) expect([check, status === 'ok' || Boolean(advice)]).toEqual([check, true]);
  return { code, found: new Map(checks.map((finding) => [`${finding.area} ${finding.check}`, finding])) };
}

const statusOf = (found: Map<string, Finding>, check: string): string | undefined => found.get(check)?.status;

describe('doctor on real servers', () => {
  it('finds nothing wrong with a stack that is well, and looks at every part of it', async () => {
    const { code, found } = await doctor();
    // The servers of a test are told not to sync, which it has to see.
    expect([...found.values()].filter(({ status }) => status === 'fail').map(({ area, check, found }) => `${area} ${check}: ${found}`)).toEqual(['Postgres durability: fsync off']);
    expect(code).toBe(1);
    for (const part of [
      'machine Node.js', 'machine secrets', 'machine disk', 'NATS version', 'NATS USAGE streams', 'NATS PRICED streams', 'NATS QUOTA streams', 'NATS clock', 'NATS durability', 'Postgres version', 'Postgres connections', 'Postgres migrations',
      'Postgres clock', 'ClickHouse version', 'ClickHouse inserts', 'ClickHouse durability', 'ClickHouse disk', 'ClickHouse parts', 'ClickHouse permission', 'ClickHouse clock', 'services ingest', 'services quota', 'API admin key',
    ]) {
      expect([part, found.has(part)]).toEqual([part, true]);
    }
    expect(found.get('services quota')!.found).toMatch(/^ready, \d+ messages behind$/);
    expect([statusOf(found, 'NATS clock'), statusOf(found, 'Postgres clock'), statusOf(found, 'ClickHouse clock'), statusOf(found, 'API admin key')]).toEqual(['ok', 'ok', 'ok', 'ok']);
  });

  it('says which server is down and goes on with the others', async () => {
    const { code, found } = await doctor({ DATABASE_URL: 'postgres://nobody@127.0.0.1:1/none', CLICKHOUSE_URL: 'http://x:y@127.0.0.1:1/none', NATS_URL: 'nats://127.0.0.1:1', LEDGERLINE_PORT: '1' });
    expect(code).toBe(1);
    for (const area of ['Postgres', 'ClickHouse', 'NATS', 'API']) expect([area, found.get(`${area} reachable`)]).toEqual([area, expect.objectContaining({ status: 'fail', advice: expect.stringMatching(/Start/) })]);
    expect(statusOf(found, 'services ingest')).toBe('ok');
  }, 30_000);

  it('sees a key that is not valid and a secret that others can read', async () => {
    chmodSync(join(home, 'admin-key'), 0o644);
    const { code, found } = await doctor({ LEDGERLINE_ADMIN_KEY: 'll_not-a-key-of-this-stack' });
    chmodSync(join(home, 'admin-key'), 0o600);
    expect([code, statusOf(found, 'API admin key')]).toEqual([1, 'fail']);
    expect(found.get('machine secrets')).toMatchObject({ status: 'fail', found: 'others can read admin-key', advice: expect.stringContaining(`chmod 600 ${join(home, 'admin-key')}`) });
  });

  it('sees a stream that was given other settings, one that is nearly full, and one that is gone', async () => {
    const nats = await connect({ servers: services.env.NATS_URL! });
    const jsm = await jetstreamManager(nats);
    await jsm.streams.update('USAGE_g1_p1', { max_age: 3_600_000_000_000 });
    await services.send([...Array(50).keys()].map((n) => ({ id: `e${n}`, customer_id: 'acme', provider: 'openai', model: 'gpt-4', usage: { input_tokens: 1 } })));
    const bytes = await eventually(async () => (await jsm.streams.info('PRICED_g1_p0')).state.bytes || false);
    await jsm.streams.update('PRICED_g1_p0', { max_bytes: bytes });
    await jsm.streams.delete('QUOTA');
    await nats.close();
    const { found } = await doctor();
    expect(found.get('NATS USAGE streams')).toMatchObject({ status: 'fail', found: expect.stringContaining('max_age is 3600000000000, expected 0') });
    expect(found.get('NATS PRICED streams')).toMatchObject({ status: 'fail', found: '2, the fullest at 100 %' });
    expect(found.get('NATS QUOTA streams')).toMatchObject({ status: 'fail', found: '0 of 1' });
  });

  it('does what it can for another stack, and says what it was not told', async () => {
    const { found } = await doctor({ LEDGERLINE_URL: services.running.get('accounts')!.url, LEDGERLINE_ADMIN_KEY: services.env.ADMIN_KEY! });
    expect(['NATS reachable', 'Postgres reachable', 'ClickHouse reachable', 'services services', 'API reachable', 'API admin key'].map((check) => statusOf(found, check))).toEqual(['skipped', 'skipped', 'skipped', 'skipped', 'ok', 'ok']);
    expect(found.has('machine home')).toBe(false);
  });
});
