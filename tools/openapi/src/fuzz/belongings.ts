import { eventually, type WholeStack } from '@ledgerline/local-stack';

/** Who asks. The keys are no part of what is fuzzed: nothing revokes them. */
export const ROLES = {
  admin: { customer: null, scopes: ['ingest', 'read', 'admin'] },
  viewer: { customer: null, scopes: ['read'] },
  producer: { customer: null, scopes: ['ingest'] },
  'customer admin': { customer: 'acme', scopes: ['ingest', 'read', 'admin'] },
  'customer producer': { customer: 'acme', scopes: ['ingest'] },
} as const;
export type RoleName = keyof typeof ROLES;

/** What there is to ask for. */
export interface Belongings {
  readonly keys: Readonly<Record<RoleName, string>>;
  readonly customers: readonly string[];
  readonly eventIds: readonly string[];
  readonly heldIds: readonly string[];
  readonly quotaIds: readonly string[];
  readonly alertIds: readonly string[];
  readonly projectIds: readonly string[];
  readonly userIds: readonly string[];
  /** As they stand in events, and as the subjects of users. */
  readonly userNames: readonly string[];
  readonly keyIds: readonly string[];
}

const HELD = 24;
const EACH = 12;

type Ids = { data: { id: string }[] };

/** Makes some of everything in a fresh stack. */
export async function makeBelongings(stack: WholeStack): Promise<Belongings> {
  const make = async <T>(path: string, body: unknown): Promise<T> => {
    const answer = await stack.request<T>('POST', path, body);
    if (answer.status >= 300) throw new Error(`${path}: ${answer.status} ${JSON.stringify(answer.body)}`);
    return answer.body;
  };
  const several = async (count: number, path: string, body: (n: number) => object): Promise<string[]> => Promise.all(Array.from({ length: count }, async (_, n) => (await make<{ id: string }>(path, body(n))).id));
  const customers = ['acme', 'globex'];
  const owner = (n: number): string => customers[n % 2]!;

  const keys = {} as Record<RoleName, string>;
  for (const [role, { customer, scopes }] of Object.entries(ROLES)) keys[role as RoleName] = (await make<{ key: string }>('/v1/keys', { name: role, scopes, customer_id: customer })).key;
  const quotaIds = await several(EACH, '/v1/quotas', (n) => ({ customer_id: owner(n), metric: 'tokens', limit: 1, provider: `provider-${n >> 1}` }));
  const event = (n: number, tokens: number): object => ({ id: `seed-${n}`, customer_id: owner(n), user_id: `user-${n}`, provider: `provider-${(n % EACH) >> 1}`, model: 'gpt-4', usage: { input_tokens: tokens } });
  const { results } = await make<{ results: { usage_id: string }[] }>('/v1/events', Array.from({ length: HELD }, (_, n) => event(n, 5)));
  // The same identity with another usage is a conflict, which is held back.
  await make('/v1/events', Array.from({ length: HELD }, (_, n) => event(n, 6)));
  const idsOf = async (path: string, least: number): Promise<string[]> =>
    eventually(async () => {
      const { data } = (await stack.request<Ids>('GET', path)).body;
      if (data.length < least) throw new Error(`${path}: ${data.length} of ${least}`);
      return data.map(({ id }) => id);
    }, { timeoutMs: 30_000 });
  return {
    keys,
    customers,
    eventIds: results.map(({ usage_id }) => usage_id),
    heldIds: await idsOf('/v1/quarantine?limit=100', HELD),
    quotaIds,
    alertIds: await idsOf('/v1/alerts', 1),
    userNames: ['user-0', 'user-1', 'seed-0', 'seed-1'],
    projectIds: await several(EACH, '/v1/projects', (n) => ({ customer_id: owner(n) })),
    userIds: await several(EACH, '/v1/users', (n) => ({ subject: `seed-${n}`, customer_id: owner(n), role: 'member' })),
    keyIds: await several(EACH, '/v1/keys', (n) => ({ name: `seed-${n}`, scopes: ['read'], customer_id: owner(n) })),
  };
}
