import { globSync, mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePorts, startClickhouse, startNats, startPostgres } from '@ledgerline/local-stack';
import { type SharedServers, shared } from './shared-servers.js';

interface GlobalConfig {
  rootDir: string;
  testPathPatterns?: { patterns?: string[] };
}

/** Whether the run that is about to start holds a test that needs the servers. */
function needsServers({ rootDir, testPathPatterns }: GlobalConfig): boolean {
  const patterns = testPathPatterns?.patterns ?? [];
  const specs = globSync('{libs,services,deploy,tools,bench}/**/*.int.spec.ts', { cwd: rootDir, exclude: (name) => name === 'node_modules' || name === 'dist' });
  return specs.some((spec) => patterns.length === 0 || patterns.some((pattern) => new RegExp(pattern, 'i').test(join(rootDir, spec))));
}

async function startServers(): Promise<SharedServers> {
  const folder = mkdtempSync(join(tmpdir(), 'ledgerline-test-'));
  const [natsPort, postgresPort, httpPort, tcpPort] = (await freePorts(4)) as [number, number, number, number];
  const password = 'test';
  const [nats, postgres, clickhouse] = await Promise.all([
    startNats({ dataDir: join(folder, 'nats'), port: natsPort }),
    startPostgres({ dataDir: join(folder, 'postgres'), port: postgresPort, password, maxConnections: 300, durable: false }),
    startClickhouse({ dataDir: join(folder, 'clickhouse'), httpPort, tcpPort, password }),
  ]);
  return { folder, nats, postgres, clickhouse };
}

/** Starts the three servers once, on free ports with throw-away data, when an integration test is selected. */
export default async function (config: GlobalConfig): Promise<void> {
  if (!needsServers(config)) return;
  shared.servers = await startServers();
  process.env['NATS_URL'] = shared.servers.nats.url;
  process.env['DATABASE_URL'] = shared.servers.postgres.url;
  process.env['CLICKHOUSE_URL'] = shared.servers.clickhouse.url;
}
