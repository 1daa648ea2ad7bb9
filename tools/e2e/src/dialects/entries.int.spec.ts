import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { bearer, DialectStack } from './dialect-stack.js';

interface Entry {
  usage_id: string;
  user_id: string;
  api_name: string;
  units_used: number;
  cost_usd: number | null;
  api_key_used: string | null;
  status_active: boolean;
  created_at: string;
}

let dialect: DialectStack;
let ann: Record<string, string>;
let bob: Record<string, string>;
let boss: Record<string, string>;
let admin: Record<string, string>;
let other: Record<string, string>;

beforeAll(async () => {
  dialect = await DialectStack.start();
  ann = bearer(await dialect.key({ customer: 'acme', user: 'ann' }));
  bob = bearer(await dialect.key({ customer: 'acme', user: 'bob' }));
  boss = bearer(await dialect.key({ customer: 'acme', user: 'boss', scopes: ['ingest', 'read', 'admin'] }));
  admin = bearer(await dialect.key({ user: 'root', scopes: ['ingest', 'read', 'admin'] }));
  other = bearer(await dialect.key({ customer: 'globex', user: 'eve' }));
}, 120_000);
afterAll(() => dialect?.dispose());

const sample = { api_name: 'llm_query', endpoint: '/chat', units_used: 346, cost_usd: 0.0043, api_key_used: 'pk_live_abc123' };
const post = (headers: Record<string, string>, body: unknown = sample) => dialect.send<Entry>('POST', '/usage', body, headers);
const list = async (headers: Record<string, string>, path = '/usage') => (await dialect.send<Entry[]>('GET', path, undefined, headers)).body;

describe('usage entries', () => {
  it("answer the document's sample with all of its fields, and the very next read has it", async () => {
    const { status, body } = await post(ann);
    expect([status, body]).toEqual([201, { usage_id: expect.any(String), user_id: 'ann', ...sample, status_active: true, created_at: expect.stringMatching(/^20.*Z$/) }]);
    const read = await dialect.send<Entry>('GET', `/usage/${body.usage_id}`, undefined, ann);
    expect(read).toEqual({ status: 200, body: { ...body, api_key_used: expect.not.stringContaining('abc123') } });
    expect(await list(ann)).toEqual([read.body]);
  });

  it('count the cost that the client states where the book has no price, and say so in the native API', async () => {
    const { body } = await post(ann);
    const event = await dialect.stack.request<object>('GET', `/v1/events/${body.usage_id}`);
    expect(event.body).toMatchObject({ customer_id: 'acme', user_id: 'ann', provider: 'internal', model: 'llm_query', usage: { units: '346' }, cost_usd: '0.0043', client_cost_usd: '0.0043', price_source: 'client', state: 'priced' });
    const unpriced = await post(ann, { api_name: 'tts', units_used: '1.5' });
    expect([unpriced.status, unpriced.body]).toEqual([201, expect.objectContaining({ units_used: 1.5, cost_usd: null, endpoint: null, warning: expect.stringContaining('internal/tts') })]);
  });

  it('never keep a key that a body names: a masked form and a keyed hash stand for it, the same for the same key', async () => {
    const ids = await Promise.all([sample, sample, { ...sample, api_key_used: 'pk_live_zzz999' }].map(async (one) => (await post(ann, one)).body.usage_id));
    const kept = await Promise.all(ids.map(async (id) => (await dialect.stack.request<{ request_metadata: { api_key_used: string; api_key_hash: string } }>('GET', `/v1/events/${id}`)).body.request_metadata));
    expect(JSON.stringify(kept)).not.toMatch(/abc123|zzz999/);
    expect(kept[0]).toEqual(kept[1]);
    expect(kept[2]!.api_key_hash).not.toBe(kept[0]!.api_key_hash);
  });

  it("are one's own for a user, all of its customer for its administrator, all there are for the operator", async () => {
    await post(bob, { ...sample, api_name: 'bobs' });
    await post(other, { ...sample, api_name: 'eves' });
    const names = async (headers: Record<string, string>, path?: string) => new Set((await list(headers, path)).map(({ user_id }) => user_id));
    expect([await names(ann), await names(bob)]).toEqual([new Set(['ann']), new Set(['bob'])]);
    expect(await names(boss)).toEqual(new Set(['ann', 'bob']));
    expect(await names(admin)).toEqual(new Set(['ann', 'bob', 'eve']));
    expect(await names(boss, '/usage/user/bob')).toEqual(new Set(['bob']));
    expect(await names(bob, '/usage/user/bob')).toEqual(new Set(['bob']));
    for (const [who, user] of [[bob, 'ann'], [boss, 'eve'], [other, 'ann']] as const) expect((await dialect.send('GET', `/usage/user/${user}`, undefined, who)).status).toBe(404);
  });

  it('are paged by skip and limit, newest first', async () => {
    const all = await list(admin, '/usage?skip=0&limit=50');
    const times = all.map(({ created_at }) => Date.parse(created_at));
    expect(times).toEqual([...times].sort((a, b) => b - a));
    expect([...(await list(admin, '/usage?limit=2')), ...(await list(admin, '/usage?skip=2&limit=2'))]).toEqual(all.slice(0, 4));
    expect((await dialect.send('GET', '/usage?limit=0', undefined, ann)).status).toBe(400);
  });

  it("of the operator are counted for its own user, as the platform's use", async () => {
    const { body } = await post(admin);
    expect(body.user_id).toBe('root');
    expect((await dialect.stack.request('GET', `/v1/events/${body.usage_id}`)).body).toMatchObject({ customer_id: 'system', context: 'system' });
  });

  it('are changed by an administrator alone: sums follow, and the history keeps all', async () => {
    const { usage_id } = (await post(ann, { ...sample, api_name: 'refunded' })).body;
    for (const who of [ann, boss]) expect((await dialect.send('PUT', `/usage/${usage_id}`, { units_used: 0, cost_usd: 0 }, who)).status).toBe(403);
    const changed = await dialect.send<Entry>('PUT', `/usage/${usage_id}`, { units_used: 0, cost_usd: 0.0 }, admin);
    expect([changed.status, changed.body]).toEqual([200, expect.objectContaining({ usage_id, units_used: 0, cost_usd: 0, status_active: true })]);
    const sums = (await dialect.stack.request<{ data: object[] }>('GET', '/v1/summaries?model=refunded&consistency=strong')).body.data;
    expect(sums).toEqual([expect.objectContaining({ event_count: 1, units: '0', cost_usd: '0' })]);
    expect((await dialect.send<Entry>('PUT', `/usage/${usage_id}`, { units_used: 12.5 }, admin)).body).toMatchObject({ units_used: 12.5, cost_usd: 0.0043 });
    const history = (await dialect.stack.request<{ data: { kind: string; cost_usd: string }[] }>('GET', `/v1/events/${usage_id}/history`)).body.data;
    expect(history.map(({ kind, cost_usd }) => [kind, cost_usd])).toEqual([['recorded', '0.0043'], ['adjust', '0'], ['adjust', '0.0043']]);
  });

  it('that were deleted leave lists and sums, say so by id, and can be deleted again', async () => {
    const { usage_id } = (await post(ann, { ...sample, api_name: 'deleted' })).body;
    expect((await dialect.send('DELETE', `/usage/${usage_id}`, undefined, boss)).status).toBe(403);
    for (let i = 0; i < 2; i++) expect(await dialect.send<Entry>('DELETE', `/usage/${usage_id}`, undefined, admin)).toMatchObject({ status: 200, body: { usage_id, status_active: false } });
    expect((await list(ann)).some((entry) => entry.usage_id === usage_id)).toBe(false);
    expect((await dialect.stack.request<{ data: { event_count: number }[] }>('GET', '/v1/summaries?model=deleted&consistency=strong')).body.data).toEqual([expect.objectContaining({ event_count: 0 })]);
    expect((await dialect.send<Entry>('GET', `/usage/${usage_id}`, undefined, ann)).body).toMatchObject({ status_active: false, api_name: 'deleted' });
    expect((await dialect.send('PUT', `/usage/${usage_id}`, { cost_usd: 1 }, admin)).status).toBe(409);
  });

  it('with an Idempotency-Key are counted once, and a repeat is answered the same; another body under the key is refused', async () => {
    const once = { ...ann, 'idempotency-key': 'once' };
    const answers = [await post(once), await post(once)];
    expect(answers[1]).toEqual(answers[0]);
    expect((await list(ann)).filter(({ usage_id }) => usage_id === answers[0]!.body.usage_id)).toHaveLength(1);
    const together = await Promise.all(Array.from({ length: 6 }, () => post({ ...ann, 'idempotency-key': 'together' })));
    expect(new Set(together.map((answer) => JSON.stringify(answer))).size).toBe(1);
    expect(await post(once, { ...sample, units_used: 1 })).toMatchObject({ status: 422, body: { code: 'idempotency_key_reused' } });
  });

  it.each<[string, unknown, string]>([
    ['no api_name', { units_used: 1 }, 'api_name'],
    ['units that are none', { ...sample, units_used: -1 }, 'units_used'],
    ['more digits than can be kept', { ...sample, cost_usd: '0.0000000000001' }, 'cost_usd'],
  ])('with %s are refused, and the field is named', async (_what, body, field) => {
    expect(await post(ann, body)).toMatchObject({ status: 422, body: { code: 'validation_failed', errors: [{ field: expect.stringContaining(field) }] } });
  });

  it('are in the proof: log, rows, quotas and summaries agree about costs that clients stated, corrections included', async () => {
    expect(await dialect.stack.cli('audit')).toMatchObject({ code: 0 });
  });

  it('of another customer are not there', async () => {
    const { usage_id } = (await post(ann)).body;
    expect((await dialect.send('GET', `/usage/${usage_id}`, undefined, other)).status).toBe(404);
    expect((await dialect.send('GET', `/usage/${usage_id}`)).status).toBe(401);
  });
});
