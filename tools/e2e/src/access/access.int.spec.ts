import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { type Answer, apiDocument, Conformance, documentText, OPENAPI_FILE, readParts } from '@ledgerline/openapi';
import { eventually } from '@ledgerline/testing';
import { readFileSync } from 'node:fs';
import { type LocalStack, startLocalStack } from '../local-stack.js';
import { accessPage } from './access-page.js';
import { ACCESS, type Belongings, CUSTOMERS, ROLE_NAMES, ROLES, type RoleName, type Whose } from './access-table.js';
import { ACCESS_PAGE } from './write-access-page.js';

/** Whose pages may ask. */
const CONSOLE = 'https://console.example.com';

let stack: LocalStack;
const keys = new Map<RoleName, string>();
const belongings = new Map<Whose, Belongings>();

async function created<T>(path: string, body: unknown): Promise<T> {
  const answer = await stack.request<T>('POST', path, body);
  if (answer.status >= 300) throw new Error(`${path}: ${answer.status} ${JSON.stringify(answer.body)}`);
  return answer.body;
}

/** An event, a quota that it crosses, the alert of that, and a key. */
async function belongingsOf(customer: string): Promise<Belongings> {
  const quota = await created<{ id: string }>('/v1/quotas', { customer_id: customer, metric: 'tokens', limit: 1 });
  const { results } = await created<{ results: { usage_id: string }[] }>('/v1/events', { id: 'theirs', customer_id: customer, user_id: `user of ${customer}`, provider: 'openai', model: 'gpt-4', usage: { input_tokens: 5 } });
  const alertId = await eventually(async () => (await stack.request<{ data: { id: string }[] }>('GET', `/v1/alerts?customer_id=${customer}`)).body.data[0]?.id ?? false, { timeoutMs: 15_000 });
  const project = await created<{ id: string }>('/v1/projects', { customer_id: customer });
  return { customer, userId: await userOf(customer), projectId: project.id, quotaId: quota.id, eventUser: encodeURIComponent(`user of ${customer}`), eventId: results[0]!.usage_id, alertId, keyId: await keyOf(customer) };
}

let users = 0;
const userOf = async (customer: string): Promise<string> => (await created<{ id: string }>('/v1/users', { subject: `user-${users++}`, customer_id: customer, role: 'member' })).id;
const keyOf = async (customer: string): Promise<string> => (await created<{ id: string }>('/v1/keys', { name: 'theirs', scopes: ['read'], customer_id: customer })).id;

const api = new Conformance(JSON.parse(readFileSync(OPENAPI_FILE, 'utf8')));
const pathOf = (path: string): string => path.split('?', 1)[0]!;

async function asked(method: string, path: string, body: unknown, key: string): Promise<Answer> {
  const headers = { authorization: `Bearer ${key}`, ...(body === undefined ? {} : { 'content-type': 'application/json' }) };
  const answer = await fetch(stack.url + path, { method, headers, ...(body === undefined ? {} : { body: JSON.stringify(body) }) });
  return { status: answer.status, contentType: answer.headers.get('content-type') ?? '', text: await answer.text() };
}

function unlikeTheDocument(method: string, path: string, answer: Answer): string[] {
  const route = api.routeOf(method, pathOf(path));
  return route ? api.problems(method, route.path, answer) : [`${method} ${path} is not documented`];
}

beforeAll(async () => {
  stack = await startLocalStack({ CORS_ORIGINS: CONSOLE });
  for (const role of ROLE_NAMES) keys.set(role, (await created<{ key: string }>('/v1/keys', { name: role, scopes: ROLES[role].scopes, customer_id: ROLES[role].customer })).key);
  for (const whose of ['own', 'other'] as const) belongings.set(whose, await belongingsOf(CUSTOMERS[whose]));
}, 120_000);
afterAll(() => stack?.dispose());

describe('who may do what', () => {
  it.each(ACCESS)('$route', async ({ route, ask, own, other }) => {
    for (const whose of ['own', 'other'] as const) {
      const statuses: number[] = [];
      for (const [n, role] of ROLE_NAMES.entries()) {
        // Some requests use up what they ask for.
        const of = {
          ...belongings.get(whose)!,
          ...(route.includes('/v1/keys/') ? { keyId: await keyOf(CUSTOMERS[whose]) } : {}),
          ...(route.includes('/v1/users/') ? { userId: await userOf(CUSTOMERS[whose]) } : {}),
        };
        const { method, path, body } = ask(of, `${whose}-${n}-${route.length}`);
        const answer = await asked(method, path, body, keys.get(role)!);
        statuses.push(answer.status);
        expect({ role, unlikeTheDocument: unlikeTheDocument(method, path, answer) }).toEqual({ role, unlikeTheDocument: [] });
      }
      expect({ whose, statuses }).toEqual({ whose, statuses: whose === 'own' ? own : other });
    }
  });

  it('has a row for every route that the services tell of', async () => {
    const told = Object.values(await readParts(stack)).flatMap(({ paths, undocumented }) => [...undocumented, ...Object.entries(paths).flatMap(([path, operations]) => Object.keys(operations).map((method) => `${method.toUpperCase()} ${path}`))]);
    // The same as /replay.
    const rows = [...ACCESS.map(({ route }) => pathOf(route)), 'POST /v1/quarantine/{id}/release'];
    expect([...new Set(rows)].sort()).toEqual(told.sort());
  });

  it("shows a customer's key that customer alone, where it names none", async () => {
    const member = keys.get('customer member')!;
    const list = async (path: string): Promise<string[]> => (await stack.request<{ data: { customer_id: string }[] }>('GET', path, undefined, member)).body.data.map((one) => one.customer_id);
    for (const path of ['/v1/events', '/v1/quotas', '/v1/alerts', '/v1/customers']) expect([path, ...new Set(await list(path))]).toEqual([path, CUSTOMERS.own]);
    const sums = async (key?: string): Promise<number> =>
      (await stack.request<{ data: { event_count: number }[] }>('GET', '/v1/summaries?consistency=strong', undefined, key)).body.data.reduce((sum, row) => sum + row.event_count, 0);
    expect(await sums(member)).toBeLessThan(await sums());
  });

  it('takes what is its own from a request that names another customer as well', async () => {
    const event = (customer: string) => ({ id: 'mixed', customer_id: customer, provider: 'openai', model: 'gpt-4', usage: { input_tokens: 1 } });
    const { status, body } = await stack.request<{ results: object[] }>('POST', '/v1/events', [event(CUSTOMERS.other), event(CUSTOMERS.own)], keys.get("customer's producer"));
    expect([status, body.results]).toEqual([
      207,
      [
        { index: 0, status: 'rejected', field: 'customer_id', reason: 'must be the customer that the API key belongs to' },
        { index: 1, status: 'accepted', usage_id: expect.any(String) },
      ],
    ]);
  });

  it('finds docs/openapi.json to be what the services tell: npm run openapi writes it anew', async () => {
    expect(documentText(apiDocument(await readParts(stack)))).toBe(readFileSync(OPENAPI_FILE, 'utf8'));
  });

  it('may be asked by the pages of a configured origin, whatever the route: the preflight without a key, the rest with one', async () => {
    for (const { route, ask } of ACCESS) {
      const { method, path } = ask(belongings.get('own')!, 'preflight');
      const preflight = await fetch(stack.url + path, { method: 'OPTIONS', headers: { origin: CONSOLE, 'access-control-request-method': method, 'access-control-request-headers': 'authorization' } });
      expect([route, preflight.status, preflight.headers.get('access-control-allow-origin')]).toEqual([route, 204, CONSOLE]);
      expect(preflight.headers.get('access-control-allow-methods')).toContain(method);
      const other = await fetch(stack.url + path, { method: 'OPTIONS', headers: { origin: 'https://elsewhere.example.com', 'access-control-request-method': method } });
      expect([route, other.headers.get('access-control-allow-origin')]).toEqual([route, null]);
    }
    const answer = await fetch(`${stack.url}/v1/customers`, { headers: { origin: CONSOLE } });
    expect([answer.status, answer.headers.get('access-control-allow-origin'), answer.headers.get('x-frame-options')]).toEqual([401, CONSOLE, 'DENY']);
  });

  it('is what the page in the documentation says', () => {
    expect(readFileSync(ACCESS_PAGE, 'utf8')).toBe(accessPage());
  });
});
