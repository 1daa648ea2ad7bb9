import { type RunningService, startService } from './start-service.js';

/** The first admin key of every test's deployment. */
export const ADMIN_KEY = 'test-admin-key';

export interface RunningAccounts {
  readonly service: RunningService;
  /** A key that may send events and nothing else. */
  readonly producerKey: string;
}

/** Runs the accounts service beside the service under test, which gets its keys from it. `env` as for that service. */
export async function startAccounts(env: Record<string, string>): Promise<RunningAccounts> {
  const service = await startService('accounts', { ...env, ADMIN_KEY });
  const { body } = await call(service.url, 'POST', '/v1/keys', { name: 'producer of a test', scopes: ['ingest'] });
  return { service, producerKey: (body as { key: string }).key };
}

/** A request as an admin; answers status and parsed body. */
export async function call(url: string, method: string, path: string, body?: unknown, key = ADMIN_KEY): Promise<{ status: number; body: never }> {
  const response = await fetch(`${url}${path}`, {
    method,
    headers: { authorization: `Bearer ${key}`, ...(body === undefined ? {} : { 'content-type': 'application/json' }) },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  const text = await response.text();
  return { status: response.status, body: (text === '' ? undefined : JSON.parse(text)) as never };
}
