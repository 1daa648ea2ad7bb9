import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { type LocalStack, startLocalStack } from '../local-stack.js';

const PROJECT = '550e8400-e29b-41d4-a716-446655440000';

let stack: LocalStack;
let token: string;

beforeAll(async () => {
  stack = await startLocalStack();
  expect(await stack.cli('projects', 'create', '--id', PROJECT, '--customer', 'acme')).toMatchObject({ code: 0 });
  const { output } = await stack.cli('keys', 'create', '--name', 'portal', '--customer', 'acme', '--scope', 'ingest', 'read', '--json');
  token = (JSON.parse(output) as { key: string }).key;
}, 120_000);
afterAll(() => stack?.dispose());

const guide = { project_id: PROJECT, provider: 'openai', model: 'gpt-4', input_tokens: 1500, output_tokens: 500, request_timestamp: '2024-01-15T10:30:00Z' };

const send = (body: unknown, headers: Record<string, string> = {}): Promise<Response> =>
  fetch(`${stack.url}/api/usage`, {
    method: 'POST',
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json', ...headers },
    body: typeof body === 'string' ? body : JSON.stringify(body),
  });

const list = async (query = '', key = token): Promise<{ status: number; body: { count: number; usage: Record<string, unknown>[]; error?: string } }> => {
  const answer = await fetch(`${stack.url}/api/usage${query}`, { headers: { authorization: `Bearer ${key}` } });
  return { status: answer.status, body: (await answer.json()) as never };
};

describe("the client portal's API", () => {
  it("answers the guide's request with all fields, and the cost that the table of prices gives", async () => {
    const answer = await send(guide);
    expect([answer.status, await answer.json()]).toEqual([
      201,
      { id: expect.any(String), project_id: PROJECT, provider: 'openai', model: 'gpt-4', input_tokens: 1500, output_tokens: 500, total_tokens: 2000, cost_usd: 0.075, request_timestamp: '2024-01-15T10:30:00Z' },
    ]);
  });

  it('shows a usage in the very next read, newest first, with count', async () => {
    const { request_timestamp: _, ...now } = guide;
    const sent = (await (await send({ ...now, provider: 'anthropic', model: 'claude-3-opus', input_tokens: 2000, output_tokens: 1000 })).json()) as { id: string; cost_usd: number };
    expect(sent.cost_usd).toBe(0.105);
    const { status, body } = await list();
    expect([status, body.count, body.usage.length]).toEqual([200, 2, 2]);
    expect(body.usage[0]).toEqual(sent);
  });

  it('narrows by project and by dates, as Python writes them', async () => {
    const weekAgo = new Date(Date.now() - 7 * 86_400_000).toISOString().replace('Z', '123Z');
    expect((await list(`?project_id=${PROJECT}&date_from=${weekAgo}`)).body.count).toBe(1);
    expect((await list('?date_from=2024-01-01&date_to=2024-02-01')).body.usage).toEqual([expect.objectContaining({ request_timestamp: expect.stringContaining('2024-01-15') })]);
  });

  it('records what has no price, says so, and never says that it was free', async () => {
    const answer = await send({ ...guide, model: 'gpt-99' });
    expect([answer.status, await answer.json()]).toEqual([201, expect.objectContaining({ cost_usd: null, warning: expect.stringContaining('openai/gpt-99') })]);
  });

  it('counts a request with an Idempotency-Key once, and answers it the same', async () => {
    const before = (await list()).body.count;
    const answers = [];
    for (let i = 0; i < 3; i++) answers.push(await (await send(guide, { 'idempotency-key': 'once' })).text());
    expect(new Set(answers).size).toBe(1);
    expect((await list()).body.count).toBe(before + 1);
  });

  it.each<[string, unknown, Record<string, string>, number, object]>([
    ['malformed JSON', '{"project_id":', {}, 400, { error: 'Invalid JSON' }],
    ['no credentials', guide, { authorization: '' }, 401, { error: 'Unauthorized' }],
    ['wrong credentials', guide, { authorization: 'Bearer nonsense' }, 401, { error: 'Unauthorized' }],
    ['a project that is unknown', { ...guide, project_id: '550e8400-e29b-41d4-a716-446655440001' }, {}, 404, { error: 'Project not found' }],
    [
      'a wrong type, as in the guide',
      { ...guide, input_tokens: '1500' },
      {},
      422,
      { error: 'Validation failed', details: [{ code: 'invalid_type', expected: 'number', received: 'string', path: ['input_tokens'], message: 'Expected number, received string' }] },
    ],
    ['a time that is yet to come', { ...guide, request_timestamp: '2090-01-01T00:00:00Z' }, {}, 422, { error: 'Validation failed', details: [expect.objectContaining({ code: 'custom', path: ['request_timestamp'] })] }],
  ])('refuses %s in the words of the guide', async (_what, body, headers, status, expected) => {
    const answer = await send(body, headers);
    expect(answer.headers.get('content-type')).toBe('application/json; charset=utf-8');
    expect([answer.status, await answer.json()]).toEqual([status, expected]);
  });

  it('refuses to read without credentials, a project that is unknown, and dates that are none', async () => {
    expect(await list('', 'nonsense')).toMatchObject({ status: 401, body: { error: 'Unauthorized' } });
    expect(await list('?project_id=550e8400-e29b-41d4-a716-446655440001')).toMatchObject({ status: 404, body: { error: 'Project not found' } });
    expect(await list('?date_from=yesterday')).toMatchObject({ status: 422, body: { error: 'Validation failed', details: [{ code: 'invalid_string', validation: 'datetime', path: ['date_from'] }] } });
  });

  it('is the same log: the native API has the usage, with the project', async () => {
    const { usage } = (await list()).body;
    const { body } = await stack.request('GET', `/v1/events/${String(usage[0]!['id'])}`);
    expect(body).toMatchObject({ customer_id: 'acme', project_id: PROJECT });
  });
});
