import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { removeCluster } from '@ledgerline/local-stack';
import { shared } from './shared-servers.js';

export default async function (): Promise<void> {
  const { servers } = shared;
  if (!servers) return;
  // The data is thrown away: a clean shutdown would only write it out first.
  await Promise.all([servers.nats.stop(), servers.postgres.stop(), servers.clickhouse.kill9()]);
  removeCluster(join(servers.folder, 'postgres'));
  rmSync(servers.folder, { recursive: true, force: true });
}
