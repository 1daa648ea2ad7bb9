import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';

/** Whether a process of that id exists (a zombie counts as gone). */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
  if (existsSync('/proc/self/stat')) {
    try {
      return !/\) Z /.test(readFileSync(`/proc/${pid}/stat`, 'utf8'));
    } catch {
      return false;
    }
  }
  return true;
}

/** The command line of a running process, or '' when there is none. */
export function commandLineOf(pid: number): string {
  if (existsSync('/proc/self/cmdline')) {
    try {
      return readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ');
    } catch {
      return '';
    }
  }
  return spawnSync('ps', ['-o', 'command=', '-p', String(pid)], { encoding: 'utf8' }).stdout ?? '';
}

/**
 * The process named by a pid file, if it still is the one that wrote it: ids are re-used, so its
 * command line must contain `marker` (a path only that process was started with).
 */
export function ownerOf(pidFile: string, marker: string): number | null {
  if (!existsSync(pidFile)) return null;
  const pid = Number.parseInt(readFileSync(pidFile, 'utf8'), 10);
  if (!(pid > 1) || pid === process.pid || !isAlive(pid)) return null;
  return commandLineOf(pid).includes(marker) ? pid : null;
}

/**
 * Ends what a supervisor that died hard may have left behind, and removes its pid file.
 * Nothing but the very process that the file names is touched.
 */
export async function reapStale(pidFile: string, marker: string, signal: NodeJS.Signals = 'SIGTERM'): Promise<void> {
  const pid = ownerOf(pidFile, marker);
  if (pid !== null) {
    process.kill(pid, signal);
    const insistAt = Date.now() + 6000;
    while (isAlive(pid)) {
      if (Date.now() > insistAt) process.kill(pid, 'SIGKILL');
      await delay(50);
    }
  }
  rmSync(pidFile, { force: true });
}

export function writePidFile(pidFile: string, pid: number): void {
  writeFileSync(pidFile, `${pid}\n`, { mode: 0o600 });
}
