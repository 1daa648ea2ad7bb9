import { spawn, type ChildProcess } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { removeCluster } from '@ledgerline/local-stack';
import { eventually, freePorts } from '@ledgerline/testing';

const ROOT = fileURLToPath(new URL('../../..', import.meta.url));
const BOOTSTRAP = join(ROOT, 'deploy/local/bootstrap.mjs');
const PORT_VARIABLES = ['', 'INGEST_', 'PRICING_', 'AGGREGATION_', 'QUOTA_', 'ALERTING_', 'READ_API_', 'ACCOUNTS_', 'NATS_', 'POSTGRES_', 'CLICKHOUSE_', 'CLICKHOUSE_TCP_'];

export const ADMIN_KEY = 'e2e-admin-key-of-forty-characters-exactly';

export interface Finished {
  readonly code: number | null;
  readonly output: string;
}

export interface RunningCommand {
  readonly finished: Promise<Finished>;
  running(): boolean;
  /** What Ctrl-C does. */
  interrupt(): void;
}

/** A whole stack, started as `npm start` does, in a home and on ports of its own. */
export class LocalStack {
  readonly home = mkdtempSync(join(tmpdir(), 'ledgerline-e2e-'));
  private child: ChildProcess | undefined;
  private text = '';
  private env: NodeJS.ProcessEnv = {};

  /** `http://127.0.0.1:PORT` of the edge. */
  get url(): string {
    return `http://127.0.0.1:${this.env['LEDGERLINE_PORT']}`;
  }

  /** Everything it wrote to the terminal. */
  get terminal(): string {
    return this.text;
  }

  async start(): Promise<void> {
    const ports = await freePorts(PORT_VARIABLES.length);
    // The run's own servers are not this stack's: the command line would take them for it.
    const { NATS_URL: _nats, DATABASE_URL: _database, CLICKHOUSE_URL: _clickhouse, ...inherited } = process.env;
    this.env = {
      ...inherited,
      NODE_OPTIONS: '',
      LEDGERLINE_HOME: this.home,
      LEDGERLINE_ADMIN_KEY: ADMIN_KEY,
      ...Object.fromEntries(PORT_VARIABLES.map((name, i) => [`LEDGERLINE_${name}PORT`, String(ports[i])])),
    };
    const child = spawn(process.execPath, [BOOTSTRAP, 'start'], { cwd: ROOT, env: this.env, stdio: ['ignore', 'pipe', 'pipe'] });
    this.child = child;
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk: Buffer) => (this.text += String(chunk)));
    await eventually(
      async () => {
        if (child.exitCode !== null) throw new Error(`the stack ended:\n${this.text}`);
        const { status } = await fetch(`${this.url}/readyz`);
        if (status !== 200 || !this.text.includes('Ledgerline runs')) throw new Error(`not ready:\n${this.text}`);
      },
      { timeoutMs: 90_000 },
    );
  }

  /** SIGTERM, and the exit code. */
  async stop(): Promise<number | null> {
    const { child } = this;
    if (!child || child.exitCode !== null) return child?.exitCode ?? null;
    const code = new Promise<number | null>((resolve) => child.once('exit', resolve));
    child.kill('SIGTERM');
    return code;
  }

  async dispose(): Promise<void> {
    await this.stop();
    // Where this runs as root, Postgres has its data elsewhere.
    removeCluster(join(this.home, 'data/postgres'));
    rmSync(this.home, { recursive: true, force: true });
  }

  /** `stack.json` of the home: addresses, and the process ids of this moment. */
  file(): { nats_url: string; database_url: string; clickhouse_url: string; partitions: number; processes: Record<string, number> } {
    return JSON.parse(readFileSync(join(this.home, 'stack.json'), 'utf8')) as ReturnType<LocalStack['file']>;
  }

  /** The process id of a part at this moment. */
  pid(part: string): number {
    return this.file().processes[part]!;
  }

  async request<T = Record<string, unknown>>(method: string, path: string, body?: unknown, key = ADMIN_KEY): Promise<{ status: number; body: T }> {
    const answer = await fetch(this.url + path, {
      method,
      headers: { authorization: `Bearer ${key}`, ...(body === undefined ? {} : { 'content-type': 'application/json' }) },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const text = await answer.text();
    return { status: answer.status, body: (text === '' ? {} : JSON.parse(text)) as T };
  }

  /** Runs `npm run cli -- args` against this stack. */
  cli(...args: string[]): Promise<Finished> {
    return this.startCli(...args).finished;
  }

  /** The same, without waiting for its end. */
  startCli(...args: string[]): RunningCommand {
    const child = spawn(process.execPath, [join(ROOT, 'tools/cli/dist/main.js'), ...args], { cwd: ROOT, env: this.env, stdio: ['ignore', 'pipe', 'pipe'] });
    let output = '';
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk: Buffer) => (output += String(chunk)));
    const finished = new Promise<Finished>((resolve, reject) => {
      child.once('error', reject);
      child.once('close', (code) => resolve({ code, output }));
    });
    return { finished, running: () => child.exitCode === null && child.signalCode === null, interrupt: () => void child.kill('SIGINT') };
  }
}

export async function startLocalStack(): Promise<LocalStack> {
  const stack = new LocalStack();
  try {
    await stack.start();
  } catch (error) {
    await stack.dispose();
    throw error;
  }
  return stack;
}
