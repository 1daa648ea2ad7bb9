import { randomBytes } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { eventually, type Exit, freePorts, launch } from '@ledgerline/local-stack';

const ROOT = fileURLToPath(new URL('../../..', import.meta.url));

export interface StartServiceOptions {
  /** How long it may take until /readyz answers 200. Default 20,000. */
  readyTimeoutMs?: number;
  /** 'listening' waits for /healthz only: for tests of a service that is not ready. Default 'ready'. */
  until?: 'ready' | 'listening' | 'spawned';
}

export interface RunningService {
  /** http://127.0.0.1:port */
  readonly url: string;
  readonly pid: number;
  readonly exited: Promise<Exit>;
  kill(signal: NodeJS.Signals): void;
  /** SIGTERM, then waits for the end (SIGKILL after 10 s). Removes its temporary data folder. */
  stop(): Promise<Exit>;
  /** Everything it logged so far. */
  log(): string;
}

/**
 * Runs services/<name>/dist/main.js as a process of its own, as in production.
 * `env` is laid over HOST, a free PORT, a temporary DATA_DIR and the servers of the run; a test
 * gives DATABASE_URL and the like of its own fresh databases. Rejects with the log when it ends or
 * does not become ready.
 */
export async function startService(name: string, env: Record<string, string> = {}, options: StartServiceOptions = {}): Promise<RunningService> {
  const { readyTimeoutMs = 20_000, until = 'ready' } = options;
  const folder = mkdtempSync(join(tmpdir(), `ledgerline-${name}-`));
  const logFile = join(folder, 'service.log');
  const port = env['PORT'] ?? String((await freePorts(1))[0]);
  const service = await launch({
    command: process.execPath,
    args: ['--enable-source-maps', join(ROOT, 'services', name, 'dist/main.js')],
    cwd: ROOT,
    logFile,
    killAfterMs: 10_000,
    env: {
      ...process.env,
      NODE_OPTIONS: '',
      NODE_ENV: 'production',
      // A run starts some services dozens of times: compiled once.
      NODE_COMPILE_CACHE: join(ROOT, 'node_modules/.cache/ledgerline-compile'),
      HOST: '127.0.0.1',
      PORT: port,
      DATA_DIR: folder,
      INSTANCE_ID: `${name}-${randomBytes(4).toString('hex')}`,
      ...env,
    },
  });
  const url = `http://127.0.0.1:${port}`;
  const log = (): string => readFileSync(logFile, 'utf8');
  let ended = false;
  void service.exited.then(() => (ended = true));
  if (until !== 'spawned') {
    await eventually(
      async () => {
        if (ended) return 'ended';
        const answer = await fetch(`${url}/${until === 'ready' ? 'readyz' : 'healthz'}`, { headers: { connection: 'close' } });
        if (!answer.ok) throw new Error(`${answer.status} ${await answer.text()}`);
        return 'up';
      },
      { timeoutMs: readyTimeoutMs },
    ).then(
      (state) => {
        if (state === 'ended') throw new Error(`${name} ended while starting:\n${log()}`);
      },
      async (error: Error) => {
        await service.stop();
        throw new Error(`${name} was not ${until} within ${readyTimeoutMs} ms: ${error.message}\n${log()}`);
      },
    );
  }
  return {
    url,
    pid: service.pid,
    exited: service.exited,
    kill: service.kill,
    async stop() {
      const exit = await service.stop();
      rmSync(folder, { recursive: true, force: true });
      return exit;
    },
    log,
  };
}
