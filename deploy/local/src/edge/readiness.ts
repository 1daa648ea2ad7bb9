import { type Pool } from 'undici';

export interface StackReadiness {
  status: 'ready' | 'not_ready';
  services: Record<string, { ready: boolean; detail?: unknown }>;
}

const LIMIT_MS = 3_000;

async function ask(pool: Pool): Promise<{ ready: boolean; detail?: unknown }> {
  try {
    const { statusCode, body } = await pool.request({ method: 'GET', path: '/readyz', headersTimeout: LIMIT_MS, bodyTimeout: LIMIT_MS });
    const text = await body.text();
    if (statusCode === 200) return { ready: true };
    return { ready: false, detail: text.startsWith('{') ? JSON.parse(text) : text };
  } catch (error) {
    return { ready: false, detail: (error as Error).message || 'does not answer' };
  }
}

/** Asks every service at once. */
export async function stackReadiness(upstreams: Record<string, Pool>): Promise<StackReadiness> {
  const entries = await Promise.all(Object.entries(upstreams).map(async ([name, pool]) => [name, await ask(pool)] as const));
  return { status: entries.every(([, { ready }]) => ready) ? 'ready' : 'not_ready', services: Object.fromEntries(entries) };
}
