import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { setTimeout as sleep } from 'node:timers/promises';
import { freePorts, removeCluster } from '@ledgerline/local-stack';

const BOOTSTRAP = fileURLToPath(new URL('../../../deploy/local/bootstrap.mjs', import.meta.url));
const PORTS = ['', 'INGEST', 'PRICING', 'AGGREGATION', 'QUOTA', 'ALERTING', 'READ_API', 'ACCOUNTS', 'NATS', 'POSTGRES', 'CLICKHOUSE', 'CLICKHOUSE_TCP'];
const START_MS = 120_000;
const STOP_MS = 20_000;

/** A whole local stack with data of its own, started for the benchmark. */
export interface BenchStack {
  readonly adminKey: string;
  readonly natsUrl: string;
  readonly databaseUrl: string;
  readonly clickhouseUrl: string;
  readonly generation: number;
  readonly partitions: number;
  readonly ports: Readonly<Record<string, number>>;
  /** Process ids by part, as they are now. */
  processes(): Readonly<Record<string, number>>;
  /** Stops it and removes its data. */
  stop(): Promise<void>;
}

interface StackFile {
  generation: number;
  partitions: number;
  nats_url: string;
  database_url: string;
  clickhouse_url: string;
  ports: Record<string, number>;
  processes: Record<string, number>;
}

/** Starts what `npm start` starts, on free ports with a temporary home. @throws with the end of its output when it does not come up */
export async function startBenchStack(): Promise<BenchStack> {
  const home = mkdtempSync(join(tmpdir(), 'ledgerline-bench-'));
  const ports = await freePorts(PORTS.length);
  const variables = PORTS.map((name, index) => [name === '' ? 'LEDGERLINE_PORT' : `LEDGERLINE_${name}_PORT`, String(ports[index])]);
  mkdirSync(join(home, 'logs'), { recursive: true });
  const output = join(home, 'logs/supervisor.log');
  const log = openSync(output, 'a');
  const supervisor = spawn(process.execPath, [BOOTSTRAP, 'start'], {
    env: { ...process.env, ...Object.fromEntries(variables), LEDGERLINE_HOME: home },
    stdio: ['ignore', log, log],
  });
  const stop = async (): Promise<void> => {
    if (supervisor.exitCode === null && supervisor.signalCode === null) {
      supervisor.kill('SIGTERM');
      const late = setTimeout(() => supervisor.kill('SIGKILL'), STOP_MS);
      await once(supervisor, 'exit').finally(() => clearTimeout(late));
    }
    removeCluster(join(home, 'data/postgres'));
    rmSync(home, { recursive: true, force: true });
  };
  try {
    await untilReady(`http://127.0.0.1:${ports[0]}/readyz`, () => supervisor.exitCode === null);
  } catch (error) {
    const said = existsSync(output) ? readFileSync(output, 'utf8').slice(-4_000) : '';
    await stop();
    throw new Error(`the stack did not come up: ${(error as Error).message}\n${said}`);
  }
  const file = (): StackFile => JSON.parse(readFileSync(join(home, 'stack.json'), 'utf8')) as StackFile;
  const stack = file();
  return {
    adminKey: readFileSync(join(home, 'admin-key'), 'utf8').trim(),
    natsUrl: stack.nats_url,
    databaseUrl: stack.database_url,
    clickhouseUrl: stack.clickhouse_url,
    generation: stack.generation,
    partitions: stack.partitions,
    ports: stack.ports,
    processes: () => ({ ...file().processes, supervisor: supervisor.pid! }),
    stop,
  };
}

async function untilReady(url: string, running: () => boolean): Promise<void> {
  const until = performance.now() + START_MS;
  let reason = 'no answer';
  while (performance.now() < until) {
    if (!running()) throw new Error('it ended');
    try {
      const answer = await fetch(url, { headers: { connection: 'close' } });
      if (answer.ok) return;
      reason = `${answer.status} ${await answer.text()}`;
    } catch (error) {
      reason = (error as Error).message;
    }
    await sleep(100);
  }
  throw new Error(`not ready after ${START_MS / 1000} s: ${reason}`);
}
