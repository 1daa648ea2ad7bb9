import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { reapStale } from '../process/stale.js';

/**
 * Ends what an earlier supervisor that was killed left behind in this home, before ports are looked
 * at. Usually its children are already on their way out (see lifeline.ts) and this only waits.
 */
export async function reapLeftovers(home: string): Promise<void> {
  const run = join(home, 'run');
  const programs = existsSync(run) ? readdirSync(run).filter((file) => file.endsWith('.pid')) : [];
  const data = join(home, 'data');
  await Promise.all(programs.map((file) => reapStale(join(run, file), file === 'edge.pid' ? 'edge/main.js' : `${file.slice(0, -'.pid'.length)}/dist/main.js`)));
  await Promise.all([
    reapStale(join(data, 'nats/nats.pid'), join(data, 'nats')),
    reapStale(join(data, 'clickhouse/clickhouse.pid'), join(data, 'clickhouse')),
    reapStale(join(data, 'postgres/postgres.pid'), 'postgres -D', 'SIGINT'),
  ]);
}
