import { spawn } from 'node:child_process';
import { closeSync, mkdirSync, openSync, renameSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import { forgetLifeline, holdLifeline } from './lifeline.js';

/** Log files are kept under this size by moving the old one aside at the next start. */
const ROTATE_AT_BYTES = 32 * 1024 * 1024;

export interface LaunchOptions {
  command: string;
  args: readonly string[];
  env?: NodeJS.ProcessEnv;
  cwd?: string;
  /** Receives standard output and error, appended. */
  logFile: string;
  uid?: number;
  gid?: number;
  /** What asks this program to end cleanly. */
  stopSignal?: NodeJS.Signals;
  /** After that long without an end, SIGKILL. */
  killAfterMs?: number;
}

export interface Exit {
  code: number | null;
  signal: NodeJS.Signals | null;
}

export interface RunningProcess {
  readonly pid: number;
  /** Settles when the process has ended, whoever ended it. Never rejects. */
  readonly exited: Promise<Exit>;
  /** Whether it still runs. */
  running(): boolean;
  kill(signal: NodeJS.Signals): void;
  /** Asks it to end, waits, and insists with SIGKILL in the end. Safe to call more than once. */
  stop(): Promise<Exit>;
}

function openLog(path: string): number {
  mkdirSync(dirname(path), { recursive: true });
  const size = statSync(path, { throwIfNoEntry: false })?.size ?? 0;
  if (size > ROTATE_AT_BYTES) renameSync(path, `${path}.1`);
  return openSync(path, 'a', 0o600);
}

/**
 * Starts a program in a process group of its own (Ctrl-C in the terminal reaches only this process,
 * which then stops its children in order) and ties its life to this process's.
 * Rejects when it cannot be executed.
 */
export async function launch(options: LaunchOptions): Promise<RunningProcess> {
  const { command, args, env, cwd, uid, gid, stopSignal = 'SIGTERM', killAfterMs = 8000 } = options;
  const log = openLog(options.logFile);
  const child = spawn(command, [...args], {
    stdio: ['ignore', log, log],
    detached: true,
    ...(env && { env }),
    ...(cwd && { cwd }),
    ...(uid !== undefined && { uid }),
    ...(gid !== undefined && { gid }),
  });
  closeSync(log);
  // At once: this process may end in the same turn, by an error nobody catches.
  if (child.pid) holdLifeline(child.pid, stopSignal);
  const exited = new Promise<Exit>((resolve) => {
    child.once('exit', (code, signal) => {
      if (child.pid) forgetLifeline(child.pid);
      resolve({ code, signal });
    });
  });
  await new Promise<void>((resolve, reject) => {
    child.once('spawn', resolve);
    child.once('error', reject);
  });
  const pid = child.pid as number;

  const running = (): boolean => child.exitCode === null && child.signalCode === null;
  const kill = (signal: NodeJS.Signals): void => void child.kill(signal);
  return {
    pid,
    exited,
    running,
    kill,
    async stop() {
      if (!running()) return exited;
      kill(stopSignal);
      const insist = setTimeout(() => kill('SIGKILL'), killAfterMs);
      return exited.finally(() => clearTimeout(insist));
    },
  };
}
