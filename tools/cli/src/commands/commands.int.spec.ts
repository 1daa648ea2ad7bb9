import { create, toBinary } from '@bufbuild/protobuf';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { QuotaEventSchema, quotaSubject } from '@ledgerline/contracts';
import { eventually, freshDatabase, freshNats, type RunningService, startService } from '@ledgerline/testing';
import { jetstream } from '@nats-io/jetstream';
import { connect } from '@nats-io/transport-node';
import { run } from '../program.js';
import { type ApiClient } from '../connection/api-client.js';
import { processContext } from './context.js';
import { listAll } from './list-all.js';

const ADMIN_KEY = 'commands-admin-key-0123456789';
const ends: (() => Promise<unknown>)[] = [];
let accounts: RunningService;
let quota: RunningService;
let alerting: RunningService;
let natsUrl: string;

beforeAll(async () => {
  const [nats, database] = await Promise.all([freshNats(), freshDatabase()]);
  const env = { NATS_URL: nats.url, DATABASE_URL: database.url, GENERATION: '1', PARTITIONS: '1', ADMIN_KEY, STREAM_MAX_BYTES: String(64 * 1024 * 1024) };
  ends.push(() => nats.stop(), () => database.drop());
  accounts = await startService('accounts', env);
  natsUrl = nats.url;
  [quota, alerting] = await Promise.all([startService('quota', env), startService('alerting', env)]);
  ends.unshift(() => accounts.stop(), () => quota.stop(), () => alerting.stop());
}, 60_000);

afterAll(async () => {
  for (const end of ends) await end();
}, 30_000);

async function cli(service: RunningService, ...args: string[]): Promise<{ code: number; output: string }> {
  let output = '';
  const context = processContext({ LEDGERLINE_URL: service.url, LEDGERLINE_ADMIN_KEY: ADMIN_KEY, LEDGERLINE_HOME: '/nonexistent' });
  const keep = (text: string): void => void (output += text);
  const code = await run(args, { ...context, print: keep, complain: keep });
  return { code, output };
}

const json = async <T>(service: RunningService, ...args: string[]): Promise<T> => {
  const { code, output } = await cli(service, ...args, '--json');
  expect(code).toBe(0);
  return JSON.parse(output) as T;
};

describe('keys', () => {
  it('makes a key, lists it without its secret, and revokes it', async () => {
    const { id, key } = await json<{ id: string; key: string }>(accounts, 'keys', 'create', '--name', 'gateway', '--scope', 'ingest');
    expect((await cli(accounts, 'keys', 'list')).output).toContain(id);
    expect((await cli(accounts, 'keys', 'list')).output).not.toContain(key);
    expect(await cli(accounts, 'keys', 'revoke', id)).toEqual({ code: 0, output: `Revoked ${id}.` });
    const all = await json<{ id: string; revoked_at: string | null }[]>(accounts, 'keys', 'list');
    expect(all.find((entry) => entry.id === id)?.revoked_at).toMatch(/^20/);
  });

  it('lists all of them, however many pages the answer has', async () => {
    for (let i = 0; i < 3; i++) await cli(accounts, 'keys', 'create', '--name', `key ${i}`);
    const pages: string[] = [];
    const context = processContext({ LEDGERLINE_URL: accounts.url, LEDGERLINE_ADMIN_KEY: ADMIN_KEY, LEDGERLINE_HOME: '/nonexistent' });
    const small = { call: (method: string, path: string) => context.api().call(method, (pages.push(path), path)) } as ApiClient;
    expect((await listAll<{ name: string }>(small, '/v1/keys?limit=2')).map(({ name }) => name)).toEqual(expect.arrayContaining(['key 0', 'key 1', 'key 2']));
    expect(pages.length).toBeGreaterThan(1);
  });

  it("ends with 1 and the API's own words when it is refused", async () => {
    expect(await cli(accounts, 'keys', 'revoke', 'no-such-key')).toEqual({ code: 1, output: '404 There is no key of this id.' });
  });
});

describe('quotas', () => {
  it('changes the quota of the same scope instead of making a second one', async () => {
    const set = (limit: string, ...more: string[]) => json<{ id: string; limit: string }>(quota, 'quotas', 'set', '--customer', 'acme', '--metric', 'cost_usd', '--limit', limit, ...more);
    const first = await set('500.25');
    const second = await set('750', '--thresholds', '50,100');
    const other = await set('9', '--provider', 'openai', '--model', 'gpt-4');
    expect(second).toMatchObject({ id: first.id, limit: '750', thresholds: [50, 100] });
    expect(other.id).not.toBe(first.id);
    expect(await json<unknown[]>(quota, 'quotas', 'list', '--customer', 'acme', '--period', '2023-11')).toHaveLength(2);
    expect(await cli(quota, 'quotas', 'remove', other.id)).toEqual({ code: 0, output: `Removed ${other.id}.` });
    expect(await json<unknown[]>(quota, 'quotas', 'list', '--customer', 'acme')).toHaveLength(1);
  });
});

describe('alerts', () => {
  interface Alert {
    id: string;
    status: string;
    acknowledged_note: string | null;
    resolved_at: string | null;
  }
  const list = (...filters: string[]) => json<Alert[]>(alerting, 'alerts', 'list', ...filters);

  async function raised(hourMs: number): Promise<Alert> {
    const nats = await connect({ servers: natsUrl });
    const value = { hourStartUs: BigInt(hourMs) * 1000n, heldEvents: 104n, threshold: 100n };
    const event = create(QuotaEventSchema, { eventId: `${hourMs}`, decidedAtUs: BigInt(hourMs) * 1000n, event: { case: 'quarantineGrew', value } });
    await jetstream(nats).publish(quotaSubject('quarantine-grew'), toBinary(QuotaEventSchema, event));
    await nats.close();
    return eventually(async () => (await list('--kind', 'quarantine_growth'))[0] ?? false);
  }

  it('lists them, and marks them as seen and as dealt with', async () => {
    const { id } = await raised(Date.parse('2023-11-20T14:00:00Z'));
    expect((await list('--unacknowledged')).map((alert) => alert.id)).toEqual([id]);
    const { code, output } = await cli(alerting, 'alerts', 'acknowledge', id, '--note', 'a client of ours');
    expect({ code, output }).toEqual({ code: 0, output: expect.stringMatching(/held back.*104.*active/) });
    expect(await list('--acknowledged', '--status', 'active')).toMatchObject([{ id, acknowledged_note: 'a client of ours', resolved_at: null }]);
    expect(await list('--unacknowledged')).toEqual([]);
    expect(await json<Alert>(alerting, 'alerts', 'resolve', id)).toMatchObject({ id, status: 'resolved', resolved_at: expect.any(String) });
    expect(await list('--status', 'active')).toEqual([]);
    expect(await cli(alerting, 'alerts', 'resolve', 'none')).toEqual({ code: 1, output: '404 there is no alert none' });
    expect((await cli(alerting, 'alerts', 'list', '--acknowledged', '--unacknowledged')).code).toBe(2);
    expect((await json<{ action: string }[]>(accounts, 'admin-log', '--object', id)).map(({ action }) => action)).toEqual(['alert.resolved', 'alert.acknowledged']);
  });
});

describe('admin-log', () => {
  it('shows who changed what in every service, newest first, page by page', async () => {
    const set = (limit: string) => json<{ id: string }>(quota, 'quotas', 'set', '--customer', 'logged', '--metric', 'tokens', '--limit', limit);
    const { id } = await set('1000');
    await set('2000');
    const { id: key } = await json<{ id: string }>(accounts, 'keys', 'create', '--name', 'logged', '--customer', 'logged');
    await cli(accounts, 'keys', 'revoke', key);
    const entries = await json<{ action: string; object: string }[]>(accounts, 'admin-log', '--customer', 'logged');
    expect(entries.map(({ action, object }) => [action, object])).toEqual([
      ['key.revoked', key],
      ['key.created', key],
      ['quota.changed', id],
      ['quota.created', id],
    ]);
    expect(await json(accounts, 'admin-log', '--customer', 'logged', '--limit', '3')).toEqual(entries.slice(0, 3));
    const { output } = await cli(accounts, 'admin-log', '--object', id, '--action', 'quota.changed', '--from', '1h');
    expect(output).toMatch(/quota\.changed.*logged.*limit 1000 -> 2000, version 1 -> 2/);
    expect((await cli(accounts, 'admin-log', '--from', 'soon')).code).toBe(2);
  });
});
