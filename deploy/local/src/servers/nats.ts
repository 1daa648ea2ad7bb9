import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { jetstreamManager } from '@nats-io/jetstream';
import { connect } from '@nats-io/transport-node';
import { launch } from '../process/launch.js';
import { reapStale, writePidFile } from '../process/stale.js';
import { untilReady } from '../process/until.js';
import { findNatsBinary } from './nats-binary.js';
import { type Server } from './server.js';

export interface NatsOptions {
  /** Holds the configuration and the streams. */
  dataDir: string;
  port: number;
  /** Default: nats.log in the data folder. */
  logFile?: string;
  /** Gives up starting when it aborts. */
  signal?: AbortSignal;
}

/**
 * The disk budget is above what the streams reserve together: a stream's own max_bytes is the limit
 * that answers 503, and a budget taken from the free space would refuse to create them on a small disk.
 */
function configuration(dataDir: string, port: number): string {
  return `listen: "127.0.0.1:${port}"
server_name: ledgerline-local
jetstream {
  store_dir: ${JSON.stringify(join(dataDir, 'jetstream'))}
  max_memory_store: 64MB
  max_file_store: 256GB
}
`;
}

/** Go collects garbage more often near this instead of letting the server grow to hundreds of megabytes under load. */
const MEMORY_LIMIT = '160MiB';

async function answers(url: string): Promise<boolean> {
  const connection = await connect({ servers: url, timeout: 1000, reconnect: false });
  try {
    const manager = await jetstreamManager(connection, { timeout: 1000 });
    await manager.getAccountInfo();
    return true;
  } finally {
    await connection.close();
  }
}

/** Starts nats-server with JetStream on loopback; resolves when JetStream answers. */
export async function startNats({ dataDir, port, logFile = join(dataDir, 'nats.log'), signal }: NatsOptions): Promise<Server> {
  const binary = await findNatsBinary();
  mkdirSync(dataDir, { recursive: true });
  const configFile = join(dataDir, 'nats.conf');
  const pidFile = join(dataDir, 'nats.pid');
  await reapStale(pidFile, configFile);
  writeFileSync(configFile, configuration(dataDir, port));
  const server = await launch({ command: binary, args: ['--config', configFile], logFile, env: { GOMEMLIMIT: MEMORY_LIMIT, ...process.env } });
  writePidFile(pidFile, server.pid);
  const url = `nats://127.0.0.1:${port}`;
  await untilReady('NATS', server, logFile, () => answers(url), { signal });
  return {
    url,
    pid: server.pid,
    exited: server.exited,
    stop: async () => void (await server.stop()),
    async kill9() {
      server.kill('SIGKILL');
      await server.exited;
    },
  };
}
