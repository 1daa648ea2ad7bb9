import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { bearer, DialectStack } from './dialect-stack.js';

interface Log {
  id: string;
  model_name: string;
  cost_usd: number | null;
  platform_credits: number | null;
}

let dialect: DialectStack;
let app: Record<string, string>;
let operator: Record<string, string>;
let other: Record<string, string>;

beforeAll(async () => {
  dialect = await DialectStack.start();
  app = bearer(await dialect.key({ customer: 'acme' }));
  other = bearer(await dialect.key({ customer: 'globex' }));
  operator = bearer(await dialect.key());
  expect(await dialect.stack.request('POST', '/v1/users', { subject: 'user-7', customer_id: 'acme', role: 'member' })).toMatchObject({ status: 201 });
}, 120_000);
afterAll(() => dialect?.dispose());

const openai = { user_id: 'user-1', model_name: 'gpt-4o', provider: 'openai', operation_type: 'chat', input_tokens: 1500, output_tokens: 500, cached_tokens: 200, request_metadata: { prompt: 'p-1' }, response_metadata: { id: 'chatcmpl-1' } };
const claude = { user_id: 'user-1', model_name: 'claude-3-5-sonnet-20241022', provider: 'anthropic', operation_type: 'chat', input_tokens: 2000, output_tokens: 1000, cached_tokens: 10_000 };
const scrape = { user_id: 'user-1', provider: 'firecrawl', operation_type: 'scrape', firecrawl_credits: 50 };

const post = (body: object, headers = app) => dialect.send<Log>('POST', '/v1/usage-logs', body, headers);
const usage = async (user: string, query = '', headers = app) => (await dialect.send<{ count: number; usage: Log[]; next_cursor?: string }>('GET', `/v1/users/${user}/usage${query}`, undefined, headers)).body;
const credits = (user: string, headers = app) => dialect.send('GET', `/v1/users/${user}/credits`, undefined, headers);

describe('usage logs', () => {
  it('answer every example with the numbers that were sent, the cost, and its platform credits', async () => {
    const answers = [await post(openai), await post(claude), await post(scrape)];
    expect(answers.map(({ status }) => status)).toEqual([201, 201, 201]);
    expect(answers[0]!.body).toEqual({ ...openai, id: expect.any(String), cost_usd: 0.015, platform_credits: 1, status: 'ok', error_code: null, created_at: expect.any(String) });
    // 2,000 x $3 + 10,000 x $0.30 + 1,000 x $15 a million: Anthropic counts what it reads from the cache apart.
    expect(answers[1]!.body).toMatchObject({ ...claude, cost_usd: 0.024, platform_credits: 2 });
    expect(answers[2]!.body).toMatchObject({ firecrawl_credits: 50, cost_usd: 0.05, platform_credits: 5, model_name: 'firecrawl' });
    expect((await usage('user-1')).usage).toEqual(answers.map(({ body }) => body).reverse());
  });

  it('add up to the credits of the user, event by event', async () => {
    expect(await credits('user-1')).toEqual({ status: 200, body: { user_id: 'user-1', total_credits: 8, total_cost_usd: 0.089, usage_count: 3, unpriced_count: 0 } });
  });

  it('are read by dates and by model', async () => {
    const dayOf = (ms: number): string => new Date(ms).toISOString().slice(0, 10);
    const anHourAgo = dayOf(Date.now() - 3_600_000);
    expect((await usage('user-1', `?start_date=${anHourAgo}&end_date=${dayOf(Date.now())}`)).count).toBe(3);
    expect((await usage('user-1', '?start_date=2020-01-01&end_date=2020-12-31')).usage).toEqual([]);
    expect((await usage('user-1', '?model_name=gpt-4o')).usage.map(({ model_name }) => model_name)).toEqual(['gpt-4o']);
    const first = await usage('user-1', '?limit=1');
    expect((await usage('user-1', `?cursor=${first.next_cursor}`)).count).toBe(2);
  });

  it('of calls that failed are kept, with or without tokens', async () => {
    const failed = await post({ user_id: 'user-2', model_name: 'gpt-4', provider: 'openai', status: 'error', error_code: 'rate_limit_exceeded', response_metadata: { error: 'slow down' } });
    expect([failed.status, failed.body]).toEqual([201, expect.objectContaining({ status: 'error', error_code: 'rate_limit_exceeded', cost_usd: 0, platform_credits: 0 })]);
    expect((await post({ user_id: 'user-2', model_name: 'gpt-4', provider: 'openai', input_tokens: 0, output_tokens: 0 })).status).toBe(201);
    expect((await usage('user-2')).count).toBe(2);
  });

  it('without a price are recorded, and are never called free', async () => {
    const { body } = await post({ user_id: 'user-3', model_name: 'mixtral', provider: 'huggingface', input_tokens: 5 });
    expect(body).toMatchObject({ cost_usd: null, platform_credits: null, warning: expect.stringContaining('huggingface/mixtral') });
    expect((await credits('user-3')).body).toMatchObject({ total_credits: null, total_cost_usd: null, usage_count: 1, unpriced_count: 1, warning: expect.any(String) });
  });

  it("sent by the operator are those of the user's customer; of a user that nobody knows they are refused", async () => {
    const { body } = await post({ ...openai, user_id: 'user-7' }, operator);
    expect((await dialect.stack.request('GET', `/v1/events/${body.id}`)).body).toMatchObject({ customer_id: 'acme', user_id: 'user-7' });
    expect((await post({ ...openai, user_id: 'user-8', customer_id: 'acme' }, operator)).status).toBe(201);
    expect(await post({ ...openai, user_id: 'nobody' }, operator)).toMatchObject({ status: 422, body: { errors: [{ field: 'user_id' }] } });
  });

  it('follow corrections', async () => {
    const { body } = await post({ ...openai, user_id: 'user-9' });
    await post({ ...openai, user_id: 'user-9' });
    expect((await dialect.stack.request('POST', `/v1/events/${body.id}/corrections`, { kind: 'void', reason: 'twice' })).status).toBe(202);
    expect((await credits('user-9')).body).toMatchObject({ total_credits: 1, total_cost_usd: 0.015, usage_count: 1 });
    expect((await usage('user-9')).count).toBe(1);
  });

  it("of another customer's user, or of one that nobody knows, are not there; a known user has used nothing yet", async () => {
    for (const [user, who] of [['user-1', other], ['nobody', app], ['nobody', operator]] as const) {
      expect((await credits(user, who)).status).toBe(404);
      expect((await dialect.send('GET', `/v1/users/${user}/usage`, undefined, who)).status).toBe(404);
    }
    await dialect.stack.request('POST', '/v1/users', { subject: 'fresh', customer_id: 'acme', role: 'member' });
    expect((await credits('fresh')).body).toMatchObject({ total_credits: 0, usage_count: 0 });
  });

  it('with an Idempotency-Key are counted once, and a repeat is answered the same', async () => {
    const once = { ...app, 'idempotency-key': 'once' };
    const answers = [await post({ ...openai, user_id: 'user-10' }, once), await post({ ...openai, user_id: 'user-10' }, once)];
    expect(answers[1]).toEqual(answers[0]);
    expect((await usage('user-10')).count).toBe(1);
  });

  it.each<[string, object, string]>([
    ['no user', { ...openai, user_id: undefined }, 'user_id'],
    ['no model where there are tokens', { ...openai, model_name: null }, 'model_name'],
    ['nothing that was used', { user_id: 'u', model_name: 'gpt-4', provider: 'openai' }, 'input_tokens'],
    ['more cached tokens than input', { ...openai, cached_tokens: 1501 }, 'cached_tokens'],
  ])('with %s are refused, and the field is named', async (_what, body, field) => {
    expect(await post(body)).toMatchObject({ status: 422, body: { code: 'validation_failed', errors: [{ field }] } });
  });
});
