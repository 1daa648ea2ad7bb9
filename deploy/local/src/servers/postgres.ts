import { spawnSync } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { chownSync, existsSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { launch } from '../process/launch.js';
import { reapStale, writePidFile } from '../process/stale.js';
import { untilReady } from '../process/until.js';
import { type Account, binariesFor, clusterFolder, unprivilegedAccount } from './postgres-place.js';
import { type Server } from './server.js';

export interface PostgresOptions {
  dataDir: string;
  port: number;
  /** Of the superuser `ledgerline`, fixed when the cluster is created. */
  password: string;
  /** Created when missing. */
  database?: string;
  maxConnections?: number;
  /** false: no fsync. A killed process still loses nothing, a power cut would. For throw-away data only. */
  durable?: boolean;
  logFile?: string;
  /** Gives up starting when it aborts. */
  signal?: AbortSignal;
}

function settings({ port, maxConnections = 100, durable = true }: PostgresOptions): string[] {
  const values: Record<string, string | number> = {
    port,
    listen_addresses: '127.0.0.1',
    unix_socket_directories: '',
    max_connections: maxConnections,
    shared_buffers: '128MB',
    work_mem: '8MB',
    maintenance_work_mem: '64MB',
    max_wal_size: '1GB',
    wal_compression: 'pglz',
    fsync: durable ? 'on' : 'off',
    synchronous_commit: 'on',
    max_worker_processes: 4,
    max_parallel_workers: 2,
    // Small point reads and upserts: asynchronous reads and compiled plans cost more than they bring.
    io_method: 'sync',
    jit: 'off',
    log_min_messages: 'warning',
  };
  return Object.entries(values).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
}

function createCluster(bin: string, cluster: string, account: Account | null, password: string): void {
  const passwordFile = join(account ? '/tmp' : tmpdir(), `ledgerline-${randomUUID()}`);
  writeFileSync(passwordFile, `${password}\n`, { mode: 0o600 });
  try {
    if (account) chownSync(passwordFile, account.uid, account.gid);
    const args = [
      `--pgdata=${cluster}`,
      '--username=ledgerline',
      `--pwfile=${passwordFile}`,
      '--auth=scram-sha-256',
      '--encoding=UTF8',
      '--locale-provider=builtin',
      '--locale=C',
      '--builtin-locale=C.UTF-8',
      '--no-sync',
    ];
    const { status, stderr, error } = spawnSync(join(bin, 'initdb'), args, { cwd: '/', encoding: 'utf8', env: { LC_ALL: 'C' }, ...account });
    if (status !== 0) throw new Error(`Postgres could not create its data folder ${cluster}: ${error?.message ?? stderr.trim()}`);
  } catch (failure) {
    // What was half made would look like a cluster at the next start.
    rmSync(join(cluster, 'PG_VERSION'), { force: true });
    throw failure;
  } finally {
    rmSync(passwordFile, { force: true });
  }
}

async function ensureDatabase(base: string, database: string): Promise<boolean> {
  const client = new pg.Client({ connectionString: `${base}/postgres`, connectionTimeoutMillis: 2000 });
  client.on('error', () => undefined);
  await client.connect();
  try {
    const found = await client.query('SELECT 1 FROM pg_database WHERE datname = $1', [database]);
    if (found.rowCount === 0) await client.query(`CREATE DATABASE ${client.escapeIdentifier(database)}`);
    return true;
  } finally {
    await client.end();
  }
}

/** Starts Postgres on loopback, creating its data first if there is none; resolves when the database answers. */
export async function startPostgres(options: PostgresOptions): Promise<Server> {
  const { dataDir, port, password, database = 'ledgerline', logFile = join(dataDir, 'postgres.log') } = options;
  const account = unprivilegedAccount();
  const bin = join(binariesFor(account), 'bin');
  const cluster = clusterFolder(dataDir, account);
  const pidFile = join(dataDir, 'postgres.pid');
  // SIGINT is Postgres's fast shutdown: open sessions are ended, not waited for.
  await reapStale(pidFile, cluster, 'SIGINT');
  if (!existsSync(join(cluster, 'PG_VERSION'))) createCluster(bin, cluster, account, password);
  const server = await launch({
    command: join(bin, 'postgres'),
    args: ['-D', cluster, ...settings(options)],
    env: { ...process.env, LC_ALL: 'C' },
    cwd: '/',
    logFile,
    stopSignal: 'SIGINT',
    ...account,
  });
  writePidFile(pidFile, server.pid);
  const base = `postgres://ledgerline:${password}@127.0.0.1:${port}`;
  await untilReady('Postgres', server, logFile, () => ensureDatabase(base, database), { signal: options.signal });
  return {
    url: `${base}/${database}`,
    pid: server.pid,
    exited: server.exited,
    stop: async () => void (await server.stop()),
    async kill9() {
      server.kill('SIGKILL');
      await server.exited;
    },
  };
}
