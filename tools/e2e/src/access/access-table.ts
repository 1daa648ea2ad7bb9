/** A customer's role acts for `own`; what belongs to `other` is none of its business. */
export const CUSTOMERS = { own: 'acme', other: 'globex' } as const;
export type Whose = keyof typeof CUSTOMERS;

/** The kinds of callers, and the keys that they have. */
export const ROLES = {
  'operator admin': { customer: null, scopes: ['ingest', 'read', 'admin'] },
  'operator viewer': { customer: null, scopes: ['read'] },
  producer: { customer: null, scopes: ['ingest'] },
  'customer admin': { customer: CUSTOMERS.own, scopes: ['ingest', 'read', 'admin'] },
  'customer member': { customer: CUSTOMERS.own, scopes: ['ingest', 'read'] },
  "customer's producer": { customer: CUSTOMERS.own, scopes: ['ingest'] },
} as const;
export type RoleName = keyof typeof ROLES;
export const ROLE_NAMES = Object.keys(ROLES) as RoleName[];

/** What there is of a customer to ask for. */
export interface Belongings {
  readonly customer: string;
  readonly eventId: string;
  /** The user of that event. */
  readonly eventUser: string;
  readonly quotaId: string;
  readonly alertId: string;
  readonly keyId: string;
  readonly projectId: string;
  readonly userId: string;
}

export interface Request {
  readonly method: string;
  readonly path: string;
  readonly body?: unknown;
}

export interface AccessRow {
  /** As in the documentation. */
  readonly route: string;
  /** A request for what belongs to somebody. `unique`: another text for each. */
  readonly ask: (of: Belongings, unique: string) => Request;
  /** Status by role, in the order of ROLES: of what is `own`, and of what is `other`. */
  readonly own: readonly number[];
  readonly other: readonly number[];
}

const eventOf = (customer: string, id: string): object => ({ id, customer_id: customer, provider: 'openai', model: 'gpt-4', usage: { input_tokens: 1 } });

/** 200 for whoever reads; a customer reads its own. */
const READ = { own: [200, 200, 403, 200, 200, 403], other: [200, 200, 403, 404, 404, 403] };
const of = (own: number, rest = 403): { own: number[]; other: number[] } => ({ own: [own, rest, rest, rest, rest, rest], other: [own, rest, rest, rest, rest, rest] });

/** Every route of the public API: what each role is answered. */
export const ACCESS: readonly AccessRow[] = [
  {
    route: 'POST /v1/events',
    ask: ({ customer }, unique) => ({ method: 'POST', path: '/v1/events', body: eventOf(customer, unique) }),
    own: [202, 403, 202, 202, 202, 202],
    other: [202, 403, 202, 422, 422, 422],
  },
  { route: 'POST /v1/events?backfill=true', ask: ({ customer }, unique) => ({ method: 'POST', path: '/v1/events?backfill=true', body: eventOf(customer, unique) }), ...of(202) },
  { route: 'GET /v1/events', ask: ({ customer }) => ({ method: 'GET', path: `/v1/events?customer_id=${customer}` }), ...READ },
  { route: 'GET /v1/events/{usage_id}', ask: ({ eventId }) => ({ method: 'GET', path: `/v1/events/${eventId}` }), ...READ },
  { route: 'GET /v1/events/{usage_id}/history', ask: ({ eventId }) => ({ method: 'GET', path: `/v1/events/${eventId}/history` }), ...READ },
  {
    route: 'POST /v1/events/{usage_id}/corrections',
    ask: ({ eventId }, unique) => ({ method: 'POST', path: `/v1/events/${eventId}/corrections`, body: { kind: 'adjust', id: unique, cost_usd: '1', reason: 'a test' } }),
    ...of(202),
  },
  { route: 'POST /v1/credits', ask: ({ customer }, unique) => ({ method: 'POST', path: '/v1/credits', body: { id: unique, customer_id: customer, amount_usd: '1', reason: 'a test' } }), ...of(202) },
  { route: 'GET /v1/summaries', ask: ({ customer }) => ({ method: 'GET', path: `/v1/summaries?customer_id=${customer}` }), ...READ },
  { route: 'GET /v1/quotas', ask: ({ customer }) => ({ method: 'GET', path: `/v1/quotas?customer_id=${customer}` }), ...READ },
  { route: 'GET /v1/quotas/{id}', ask: ({ quotaId }) => ({ method: 'GET', path: `/v1/quotas/${quotaId}` }), ...READ },
  { route: 'POST /v1/quotas', ask: ({ customer }, unique) => ({ method: 'POST', path: '/v1/quotas', body: { customer_id: customer, metric: 'requests', limit: 1_000, provider: unique } }), ...of(201) },
  { route: 'PUT /v1/quotas/{id}', ask: ({ quotaId }) => ({ method: 'PUT', path: `/v1/quotas/${quotaId}`, body: { limit: 2 } }), ...of(200) },
  { route: 'DELETE /v1/quotas/{id}', ask: () => ({ method: 'DELETE', path: '/v1/quotas/00000000-0000-4000-8000-000000000000' }), ...of(404) },
  { route: 'GET /v1/alerts', ask: ({ customer }) => ({ method: 'GET', path: `/v1/alerts?customer_id=${customer}` }), ...READ },
  { route: 'GET /v1/alerts/{id}', ask: ({ alertId }) => ({ method: 'GET', path: `/v1/alerts/${alertId}` }), ...READ },
  { route: 'GET /v1/alerts/{id}/history', ask: ({ alertId }) => ({ method: 'GET', path: `/v1/alerts/${alertId}/history` }), ...READ },
  { route: 'POST /v1/alerts/{id}/acknowledge', ask: ({ alertId }) => ({ method: 'POST', path: `/v1/alerts/${alertId}/acknowledge`, body: { note: 'a test' } }), ...of(200) },
  { route: 'POST /v1/alerts/{id}/resolve', ask: ({ alertId }) => ({ method: 'POST', path: `/v1/alerts/${alertId}/resolve` }), ...of(200) },
  { route: 'GET /v1/quarantine', ask: ({ customer }) => ({ method: 'GET', path: `/v1/quarantine?customer_id=${customer}` }), own: [200, 200, 403, 403, 403, 403], other: [200, 200, 403, 403, 403, 403] },
  { route: 'GET /v1/quarantine/{id}', ask: () => ({ method: 'GET', path: '/v1/quarantine/g1-p0-999999-0' }), own: [404, 404, 403, 403, 403, 403], other: [404, 404, 403, 403, 403, 403] },
  { route: 'POST /v1/quarantine/{id}/replay', ask: () => ({ method: 'POST', path: '/v1/quarantine/g1-p0-999999-0/replay' }), ...of(404) },
  { route: 'POST /v1/quarantine/{id}/discard', ask: () => ({ method: 'POST', path: '/v1/quarantine/g1-p0-999999-0/discard', body: { reason: 'a test' } }), ...of(404) },
  { route: 'GET /v1/customers', ask: () => ({ method: 'GET', path: '/v1/customers' }), own: [200, 200, 403, 200, 200, 403], other: [200, 200, 403, 200, 200, 403] },
  { route: 'POST /v1/customers', ask: ({ customer }, unique) => ({ method: 'POST', path: '/v1/customers', body: { customer_id: `${customer}-${unique}` } }), ...of(201) },
  { route: 'GET /v1/projects', ask: ({ customer }) => ({ method: 'GET', path: `/v1/projects?customer_id=${customer}` }), ...READ },
  { route: 'GET /v1/projects/{id}', ask: ({ projectId }) => ({ method: 'GET', path: `/v1/projects/${projectId}` }), ...READ },
  {
    route: 'POST /v1/projects',
    ask: ({ customer }) => ({ method: 'POST', path: '/v1/projects', body: { customer_id: customer } }),
    own: [201, 403, 403, 201, 403, 403],
    other: [201, 403, 403, 404, 403, 403],
  },
  {
    route: 'POST /api/usage',
    ask: ({ projectId }) => ({ method: 'POST', path: '/api/usage', body: { project_id: projectId, provider: 'openai', model: 'gpt-4', input_tokens: 1, output_tokens: 1 } }),
    own: [201, 403, 201, 201, 201, 201],
    other: [201, 403, 201, 404, 404, 404],
  },
  { route: 'GET /api/usage', ask: ({ projectId }) => ({ method: 'GET', path: `/api/usage?project_id=${projectId}` }), ...READ },
  {
    route: 'POST /v1/usage/record',
    ask: ({ customer }) => ({ method: 'POST', path: '/v1/usage/record', body: { accountId: customer, modelId: 'gpt-4', inputTokens: 1 } }),
    own: [201, 403, 201, 201, 201, 201],
    other: [201, 403, 201, 422, 422, 422],
  },
  { route: 'GET /v1/usage', ask: ({ customer }) => ({ method: 'GET', path: `/v1/usage?accountId=${customer}` }), ...READ },
  {
    route: 'POST /v1/usage-logs',
    ask: ({ customer }) => ({ method: 'POST', path: '/v1/usage-logs', body: { customer_id: customer, user_id: `${customer}-ann`, model_name: 'gpt-4', provider: 'openai', input_tokens: 1 } }),
    own: [201, 403, 201, 201, 201, 201],
    other: [201, 403, 201, 404, 404, 404],
  },
  { route: 'GET /v1/users/{user_id}/credits', ask: ({ eventUser }) => ({ method: 'GET', path: `/v1/users/${eventUser}/credits` }), ...READ },
  { route: 'GET /v1/users/{user_id}/usage', ask: ({ eventUser }) => ({ method: 'GET', path: `/v1/users/${eventUser}/usage` }), ...READ },
  { route: 'POST /usage', ask: () => ({ method: 'POST', path: '/usage', body: { api_name: 'llm_query', units_used: 1 } }), own: [201, 403, 201, 201, 201, 201], other: [201, 403, 201, 201, 201, 201] },
  { route: 'GET /usage', ask: () => ({ method: 'GET', path: '/usage' }), own: [200, 200, 403, 200, 200, 403], other: [200, 200, 403, 200, 200, 403] },
  { route: 'GET /usage/user/{user_id}', ask: ({ eventUser }) => ({ method: 'GET', path: `/usage/user/${eventUser}` }), own: [200, 200, 403, 200, 404, 403], other: [200, 200, 403, 404, 404, 403] },
  { route: 'GET /usage/{usage_id}', ask: ({ eventId }) => ({ method: 'GET', path: `/usage/${eventId}` }), ...READ },
  { route: 'PUT /usage/{usage_id}', ask: ({ eventId }) => ({ method: 'PUT', path: `/usage/${eventId}`, body: { cost_usd: 1 } }), ...of(200) },
  { route: 'DELETE /usage/{usage_id}', ask: () => ({ method: 'DELETE', path: '/usage/00000000-0000-4000-8000-000000000000' }), ...of(404) },
  { route: 'GET /v1/users', ask: ({ customer }) => ({ method: 'GET', path: `/v1/users?customer_id=${customer}` }), own: [200, 403, 403, 200, 403, 403], other: [200, 403, 403, 404, 403, 403] },
  {
    route: 'POST /v1/users',
    ask: ({ customer }, unique) => ({ method: 'POST', path: '/v1/users', body: { subject: unique, customer_id: customer, role: 'member' } }),
    own: [201, 403, 403, 201, 403, 403],
    other: [201, 403, 403, 404, 403, 403],
  },
  { route: 'DELETE /v1/users/{id}', ask: ({ userId }) => ({ method: 'DELETE', path: `/v1/users/${userId}` }), own: [204, 403, 403, 204, 403, 403], other: [204, 403, 403, 404, 403, 403] },
  { route: 'GET /v1/admin-log', ask: ({ customer }) => ({ method: 'GET', path: `/v1/admin-log?customer_id=${customer}` }), ...of(200) },
  { route: 'GET /v1/keys', ask: ({ customer }) => ({ method: 'GET', path: `/v1/keys?customer_id=${customer}` }), own: [200, 403, 403, 200, 403, 403], other: [200, 403, 403, 404, 403, 403] },
  {
    route: 'POST /v1/keys',
    ask: ({ customer }, unique) => ({ method: 'POST', path: '/v1/keys', body: { name: unique, scopes: ['read'], customer_id: customer } }),
    own: [201, 403, 403, 201, 403, 403],
    other: [201, 403, 403, 404, 403, 403],
  },
  { route: 'POST /v1/keys/{id}/rotate', ask: ({ keyId }) => ({ method: 'POST', path: `/v1/keys/${keyId}/rotate`, body: {} }), own: [201, 403, 403, 201, 403, 403], other: [201, 403, 403, 404, 403, 403] },
  { route: 'DELETE /v1/keys/{id}', ask: ({ keyId }) => ({ method: 'DELETE', path: `/v1/keys/${keyId}` }), own: [204, 403, 403, 204, 403, 403], other: [204, 403, 403, 404, 403, 403] },
];
