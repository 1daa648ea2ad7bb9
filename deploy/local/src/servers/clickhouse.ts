import { existsSync, mkdirSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { launch } from '../process/launch.js';
import { reapStale, writePidFile } from '../process/stale.js';
import { untilReady } from '../process/until.js';
import { type Server } from './server.js';

export interface ClickhouseOptions {
  dataDir: string;
  httpPort: number;
  tcpPort: number;
  /** Of the user `ledgerline`. */
  password: string;
  /** Created when missing. */
  database?: string;
  logFile?: string;
  /** Gives up starting when it aborts. */
  signal?: AbortSignal;
}

const LOCAL_STACK = fileURLToPath(new URL('../..', import.meta.url));
const PROGRAM = join(LOCAL_STACK, 'clickhouse-server.mjs');
const CONFIG = join(LOCAL_STACK, '../clickhouse/config.xml');

/** The library's package differs by platform; a missing one means an install without optional packages. */
function findLibrary(): string {
  const require = createRequire(import.meta.url);
  const platform = `${process.platform}-${process.arch}`;
  for (const name of [`@chdb/lib-${platform}-gnu`, `@chdb/lib-${platform}`]) {
    try {
      const library = join(dirname(require.resolve(`${name}/package.json`)), 'libchdb.so');
      if (existsSync(library)) return library;
    } catch {
      continue;
    }
  }
  throw new Error(`No ClickHouse library for ${platform}: the packages @chdb/lib-* carry none. Linux (glibc) and macOS are supported.`);
}

/** Starts ClickHouse on loopback (HTTP and native protocol); resolves when the database answers. */
export async function startClickhouse(options: ClickhouseOptions): Promise<Server> {
  const { dataDir, httpPort, tcpPort, password, database = 'ledgerline' } = options;
  const logFile = options.logFile ?? join(dataDir, 'clickhouse.log');
  const pidFile = join(dataDir, 'clickhouse.pid');
  const parts = join(dataDir, 'store');
  mkdirSync(parts, { recursive: true });
  await reapStale(pidFile, parts);
  const server = await launch({
    command: process.execPath,
    args: [PROGRAM, '--library', findLibrary(), '--config', CONFIG, '--data', parts, '--http-port', `${httpPort}`, '--tcp-port', `${tcpPort}`],
    env: { ...process.env, NODE_OPTIONS: '', LEDGERLINE_CLICKHOUSE_PASSWORD: password },
    // ClickHouse writes small files into its working directory.
    cwd: dataDir,
    logFile,
    killAfterMs: 5000,
  });
  writePidFile(pidFile, server.pid);
  const base = `http://127.0.0.1:${httpPort}`;
  const headers = { Connection: 'close', 'X-ClickHouse-User': 'ledgerline', 'X-ClickHouse-Key': password };
  const ready = async (): Promise<boolean> => {
    const body = `CREATE DATABASE IF NOT EXISTS ${database}`;
    const answer = await fetch(base, { method: 'POST', body, headers, signal: AbortSignal.timeout(5000) });
    if (!answer.ok) throw new Error(await answer.text());
    return true;
  };
  await untilReady('ClickHouse', server, logFile, ready, { signal: options.signal });
  return {
    url: `http://ledgerline:${password}@127.0.0.1:${httpPort}/${database}`,
    pid: server.pid,
    exited: server.exited,
    stop: async () => void (await server.stop()),
    async kill9() {
      server.kill('SIGKILL');
      await server.exited;
    },
  };
}
