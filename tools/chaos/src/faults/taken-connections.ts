import { setTimeout as delay } from 'node:timers/promises';
import pg from 'pg';
import { type Inflict } from './stack-under-fire.js';

const TOO_MANY_CONNECTIONS = '53300';
const REFILL_MS = 50;

/** Ends the services' sessions and takes every connection that Postgres has, for a while. */
export const inflictTakenConnections: Inflict = async ({ stack }, { holdMs }) => {
  const url = stack.file().database_url;
  const taken: pg.Client[] = [];
  const until = performance.now() + holdMs;
  try {
    await takeAll(url, taken);
    await taken[0]!.query(`select pg_terminate_backend(pid) from pg_stat_activity where backend_type = 'client backend' and application_name <> 'chaos'`);
    while (performance.now() < until) {
      await takeAll(url, taken);
      await delay(REFILL_MS);
    }
  } finally {
    await Promise.all(taken.map((client) => client.end().catch(() => undefined)));
  }
};

/** Opens connections until there are none left. */
async function takeAll(url: string, taken: pg.Client[]): Promise<void> {
  for (;;) {
    const client = new pg.Client({ connectionString: url, application_name: 'chaos' });
    client.on('error', () => undefined);
    try {
      await client.connect();
    } catch (error) {
      await client.end().catch(() => undefined);
      if ((error as { code?: unknown }).code === TOO_MANY_CONNECTIONS) return;
      throw error;
    }
    taken.push(client);
  }
}
