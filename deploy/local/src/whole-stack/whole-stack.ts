import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { openSecrets } from '../home/secrets.js';
import { type StackFile } from '../home/stack-file.js';
import { type ServerName, type ServiceName } from '../parts.js';
import { eventually } from '../process/eventually.js';
import { freePorts } from '../process/ports.js';
import { clusterFolder, removeCluster, unprivilegedAccount } from '../servers/postgres-place.js';
import { type Links } from '../settings.js';
import { serviceEnvironment } from '../supervisor/service-environment.js';

const ROOT = fileURLToPath(new URL('../../../..', import.meta.url));
const PORTS = ['', 'INGEST_', 'PRICING_', 'AGGREGATION_', 'QUOTA_', 'ALERTING_', 'READ_API_', 'ACCOUNTS_', 'ARCHIVE_', 'NATS_', 'POSTGRES_', 'CLICKHOUSE_', 'CLICKHOUSE_TCP_'];
const START_MS = 120_000;
const STOP_MS = 20_000;
/** Longest that a request may take: what it asks may be frozen. */
const REQUEST_MS = 30_000;
/** What is kept of the terminal, for messages. */
const TERMINAL_CHARS = 64_000;

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

export interface WholeStackOptions {
  /** Ports on which services reach servers, where something stands in between. */
  readonly links?: Links;
  /** Where `<service>/dist/main.js` lies; the checkout's own unless told. */
  readonly servicesDir?: string;
  /** More of every part's environment. */
  readonly env?: Readonly<Record<string, string>>;
}

/** Everything that `npm start` starts, in a throw-away home and on free ports: for what measures or tries the whole. */
export class WholeStack {
  readonly home: string;
  readonly adminKey = 'whole-stack-admin-key-of-forty-characters';
  private env: NodeJS.ProcessEnv = {};
  private child: ChildProcess | undefined;
  private text = '';

  /** @param name goes into the home's folder name */
  constructor(
    name: string,
    private readonly options: WholeStackOptions = {},
  ) {
    this.home = mkdtempSync(join(tmpdir(), `ledgerline-${name}-`));
  }

  /** `http://127.0.0.1:PORT` of the edge. */
  get url(): string {
    return `http://127.0.0.1:${this.env['LEDGERLINE_PORT']}`;
  }

  /** Where `<service>/dist/main.js` lies. */
  get servicesDir(): string {
    return this.options.servicesDir ?? join(ROOT, 'services');
  }

  /** The end of what it wrote to the terminal. */
  get terminal(): string {
    return this.text;
  }

  /** Process id of the supervisor, which all others are children of. */
  get supervisorPid(): number {
    return this.child!.pid!;
  }

  /** `stack.json` of the home: addresses, and the process ids of this moment. */
  file(): StackFile {
    return JSON.parse(readFileSync(join(this.home, 'stack.json'), 'utf8')) as StackFile;
  }

  /** The process id of a part at this moment. */
  pid(part: string): number {
    return this.file().processes[part]!;
  }

  /** The environment of a service, but for where it listens; servers without anything in between. For a second copy. */
  serviceEnvironment(name: ServiceName): Record<string, string> {
    return serviceEnvironment(name, { home: this.home, secrets: openSecrets(this.home, this.adminKey), file: this.file() });
  }

  /** Where a server keeps its data. */
  dataFolder(server: ServerName): string {
    const folder = join(this.home, 'data', server);
    return server === 'postgres' ? clusterFolder(folder, unprivilegedAccount()) : folder;
  }

  /** Resolves when everything is ready. @throws with the end of its output when it does not come up */
  async start(): Promise<void> {
    const ports = await freePorts(PORTS.length);
    // Servers that the caller runs beside it are not this stack's.
    const { NATS_URL: _nats, DATABASE_URL: _database, CLICKHOUSE_URL: _clickhouse, ...inherited } = process.env;
    this.env = {
      ...inherited,
      NODE_OPTIONS: '',
      LEDGERLINE_HOME: this.home,
      LEDGERLINE_ADMIN_KEY: this.adminKey,
      ...Object.fromEntries(PORTS.map((name, i) => [`LEDGERLINE_${name}PORT`, String(ports[i])])),
      LEDGERLINE_LINKS: JSON.stringify(this.options.links ?? {}),
      LEDGERLINE_SERVICES_DIR: this.options.servicesDir ?? '',
      ...this.options.env,
    };
    const child = spawn(process.execPath, [join(ROOT, 'deploy/local/bootstrap.mjs'), 'start'], { cwd: ROOT, env: this.env, stdio: ['ignore', 'pipe', 'pipe'] });
    this.child = child;
    this.text = '';
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk: Buffer) => (this.text = (this.text + String(chunk)).slice(-TERMINAL_CHARS)));
    await eventually(
      async () => {
        if (child.exitCode !== null) throw new Error(`the stack ended:\n${this.text}`);
        if (!this.text.includes('Ledgerline runs') || !(await this.ready())) throw new Error(`the stack is not ready:\n${this.text}`);
      },
      { timeoutMs: START_MS },
    );
  }

  /** Whether every service says that it is ready. */
  async ready(): Promise<boolean> {
    return (await this.unready()) === null;
  }

  /** What the edge says while a service is not ready; null when all are. */
  async unready(): Promise<string | null> {
    const answer = await fetch(`${this.url}/readyz`, { headers: { connection: 'close' }, signal: AbortSignal.timeout(REQUEST_MS) });
    const text = await answer.text();
    return answer.ok ? null : text;
  }

  /** The end of what a part has logged. */
  logOf(part: string, chars = 4_000): string {
    return readFileSync(join(this.home, 'logs', `${part}.log`), 'utf8').slice(-chars);
  }

  /** A request to the edge, as its admin unless told otherwise. */
  async request<T = Record<string, unknown>>(method: string, path: string, body?: unknown, key = this.adminKey): Promise<{ status: number; body: T }> {
    const answer = await fetch(this.url + path, {
      method,
      headers: { authorization: `Bearer ${key}`, ...(body === undefined ? {} : { 'content-type': 'application/json' }) },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      signal: AbortSignal.timeout(REQUEST_MS),
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

  /** SIGTERM, and the exit code; null when it had to be killed. */
  async stop(): Promise<number | null> {
    const { child } = this;
    if (!child || child.exitCode !== null || child.signalCode !== null) return child?.exitCode ?? null;
    child.kill('SIGTERM');
    const late = setTimeout(() => child.kill('SIGKILL'), STOP_MS);
    await once(child, 'exit').finally(() => clearTimeout(late));
    return child.exitCode;
  }

  /** Stops it and removes its data. */
  async dispose(): Promise<void> {
    await this.stop();
    // Where this runs as root, Postgres has its data elsewhere.
    removeCluster(join(this.home, 'data/postgres'));
    rmSync(this.home, { recursive: true, force: true });
  }
}
