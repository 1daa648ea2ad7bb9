import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { launch, type RunningProcess } from '../process/launch.js';
import { reapStale, writePidFile } from '../process/stale.js';
import { untilReady } from '../process/until.js';

export interface NodeProgram {
  name: string;
  /** Absolute path of its compiled main file. */
  main: string;
  /** Folder of the checkout. */
  root: string;
  home: string;
  port: number;
  env: Record<string, string>;
  /** Programs on the path of every event get room for short-lived objects, the others stay small. */
  hot: boolean;
  killAfterMs: number;
  readyTimeoutMs: number;
  /** A line for whoever watches. */
  say: (line: string) => void;
}

function processEnvironment(home: string): Record<string, string> {
  return {
    NODE_OPTIONS: '',
    NODE_ENV: 'production',
    // Compiled code is kept from start to start: a service is back in two thirds of the time.
    NODE_COMPILE_CACHE: join(home, 'cache'),
    // glibc gives every thread an arena of its own otherwise, which costs tens of megabytes a process.
    MALLOC_ARENA_MAX: '2',
  };
}

function nodeFlags(hot: boolean): string[] {
  return hot
    ? ['--enable-source-maps', '--max-semi-space-size=16', '--max-old-space-size=2048']
    : ['--enable-source-maps', '--max-semi-space-size=2', '--max-old-space-size=768'];
}

/** What a service says that no waiting makes ready: the servers have to run for what it asks for. */
const RECOVER = 'npm run cli -- recover';

async function isReady({ name, port, say }: NodeProgram): Promise<boolean> {
  const answer = await fetch(`http://127.0.0.1:${port}/readyz`, { headers: { connection: 'close' }, signal: AbortSignal.timeout(3000) });
  const text = await answer.text();
  if (answer.ok) return true;
  if (text.includes(RECOVER)) {
    say(`${name} is not ready: messages are lost. Run \`${RECOVER}\``);
    return true;
  }
  throw new Error(text.slice(0, 300));
}

/** The last lines of a log, for a message about a failed start. */
function tailOf(logFile: string, lines = 3): string {
  return readFileSync(logFile, 'utf8').trimEnd().split('\n').slice(-lines).map((line) => line.slice(0, 400)).join('\n    ');
}

/** Runs one of our own programs and resolves when its /readyz answers 200. */
export async function startNodeProgram(program: NodeProgram, signal: AbortSignal): Promise<RunningProcess> {
  const { name, main, root, home, port, env, hot, killAfterMs, readyTimeoutMs } = program;
  const logFile = join(home, 'logs', `${name}.log`);
  const pidFile = join(home, 'run', `${name}.pid`);
  await reapStale(pidFile, main);
  const running = await launch({
    command: process.execPath,
    args: [...nodeFlags(hot), main],
    cwd: root,
    logFile,
    killAfterMs,
    env: { ...process.env, ...processEnvironment(home), ...env, HOST: '127.0.0.1', PORT: String(port) },
  });
  writePidFile(pidFile, running.pid);
  try {
    await untilReady(name, running, logFile, () => isReady(program), { timeoutMs: readyTimeoutMs, intervalMs: 100, signal });
  } catch (error) {
    throw new Error(`${(error as Error).message}\n    ${tailOf(logFile)}`);
  }
  return running;
}
