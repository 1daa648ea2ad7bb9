import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { DialectStack } from '../dialects/dialect-stack.js';
import { entriesRequests, recordsRequests } from './seed-requests.js';
import { type Command, commandsOf, curlRequest, type HttpRequest } from './shell-commands.js';

const DOCS = fileURLToPath(new URL('../../../../docs/', import.meta.url));
const GUIDES = ['operating.md', ...readdirSync(`${DOCS}integrations`).map((name) => `integrations/${name}`)];
/** Whose key a guide's commands are run with. */
const OPERATORS = ['operating.md', 'integrations/records.md'];
const LOCAL = 'http://127.0.0.1:8080';

let dialect: DialectStack;
const keys: Record<string, string> = {};

beforeAll(async () => {
  dialect = await DialectStack.start();
  keys['ann'] = await dialect.key({ customer: 'acme', user: 'ann' });
  keys['operator'] = await dialect.key({ scopes: ['ingest', 'read', 'admin'] });
}, 120_000);
afterAll(() => dialect?.dispose());

/** Sends requests one after another; `ids` are what stands in them for the `usage_id` of the answer before. */
async function replay(requests: readonly HttpRequest[], ids: string): Promise<{ request: string; status: number; body: unknown }[]> {
  const answers = [];
  let usageId = ids;
  for (const { method, url, headers, body } of requests) {
    const answer = await fetch(url.replace(ids, usageId), { method, headers, body });
    const json = (await answer.json()) as { usage_id?: string };
    usageId = json.usage_id ?? usageId;
    answers.push({ request: `${method} ${new URL(url).pathname}`, status: answer.status, body: json });
  }
  return answers;
}

const withKeys = (request: HttpRequest, url: string, tokens: Readonly<Record<string, string>>): HttpRequest => ({
  ...request,
  url: request.url.replace(/^https:\/\/[^/]+/, url),
  headers: Object.fromEntries(Object.entries(request.headers).map(([name, value]) => [name, Object.entries(tokens).reduce((text, [token, key]) => text.replace(token, key), value)])),
});

describe('the commands of the guides', () => {
  it.each(GUIDES)('of %s do what they say, one after another', async (page) => {
    // The key is put in, wherever it comes from.
    const commands = commandsOf(readFileSync(`${DOCS}${page}`, 'utf8'), { KEY: keys[OPERATORS.includes(page) ? 'operator' : 'ann']!, ADMIN_KEY: keys['operator']! }).filter(([name]) => !name!.startsWith('KEY='));
    const cli = async ([, , , , , ...words]: Command) => expect({ words, ...(await dialect.stack.cli(...words)) }).toMatchObject({ words, code: 0 });
    const requests = commands.filter(([name]) => name === 'curl').map(curlRequest).map((request) => ({ ...request, url: request.url.replace(LOCAL, dialect.stack.url) }));
    const others = commands.filter(([name]) => name === 'npm');
    expect(requests.length + others.length).toBe(commands.length);
    expect(requests.length).toBeGreaterThan(0);
    for (const command of others) await cli(command);
    for (const answer of await replay(requests, 'USAGE_ID')) expect(answer).toMatchObject({ status: answer.request === 'POST /v1/events' ? 202 : answer.request.startsWith('POST') ? 201 : 200 });
  });
});

describe('the documents that the dialects come from, where they lie beside the checkout', () => {
  it('entries: every curl and fetch is answered as the document shows it', async () => {
    const tokens = { '<token>': keys['ann']!, '<admin_or_user_token>': keys['ann']!, '<admin_token>': keys['operator']! };
    const requests = (entriesRequests(keys['ann']!) ?? []).map((request) => withKeys({ ...request, url: request.url.replace('/user/uuid123', '/user/ann') }, dialect.stack.url, tokens));
    const sample = { usage_id: expect.any(String), user_id: 'ann', api_name: 'llm_query', endpoint: '/chat', units_used: 346, cost_usd: 0.0043, status_active: true, created_at: expect.any(String) };
    const shown = [
      { request: 'POST /usage', status: 201, body: { ...sample, api_key_used: 'pk_live_abc123' } },
      { request: 'GET /usage', status: 200, body: expect.arrayContaining([expect.objectContaining(sample)]) },
      { request: 'GET /usage/user/ann', status: 200, body: expect.arrayContaining([expect.objectContaining(sample)]) },
      { request: 'GET /usage/usage-uuid', status: 200, body: expect.objectContaining(sample) },
      { request: 'PUT /usage/usage-uuid', status: 200, body: expect.objectContaining({ ...sample, units_used: 0, cost_usd: 0 }) },
      { request: 'DELETE /usage/usage-uuid', status: 200, body: expect.objectContaining({ status_active: false }) },
      { request: 'POST /usage', status: 201, body: { ...sample, api_key_used: 'pk_live_abc123' } },
    ];
    expect(await replay(requests, 'usage-uuid')).toEqual(requests.length === 0 ? [] : shown);
  });

  it('records: every curl is answered as the document shows it', async () => {
    const requests = (recordsRequests() ?? []).map((request) => withKeys(request, dialect.stack.url, { YOUR_API_KEY: keys['operator']! }));
    const record = { id: expect.any(String), accountId: 'acc_123', modelId: 'gpt-4o', estimatedCostUsd: 0.015 };
    const shown = [
      { request: 'POST /v1/usage/record', status: 201, body: { success: true, usageRecord: expect.objectContaining(record) } },
      {
        request: 'GET /v1/usage',
        status: 200,
        body: { success: true, usageRecords: expect.arrayContaining([expect.objectContaining({ ...record, context: 'customer', inputTokens: 1500, outputTokens: 500, createdAt: expect.any(String) })]) },
      },
      {
        request: 'GET /v1/usage',
        status: 200,
        body: {
          success: true,
          summary: expect.objectContaining({
            totalCostUsd: expect.any(Number), totalInputTokens: expect.any(Number), totalOutputTokens: expect.any(Number),
            byContext: { customer: expect.any(Number), system: 0 }, byModel: expect.objectContaining({ 'gpt-4o': { costUsd: expect.any(Number), count: expect.any(Number) } }),
          }),
        },
      },
    ];
    expect(await replay(requests, 'usage-uuid')).toEqual(requests.length === 0 ? [] : shown);
  });
});
