import { readdirSync, readFileSync } from 'node:fs';

/** A process that ended by itself needs no signal. */
export function signal(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}

/** Freezes processes with their children. @returns what thaws them */
export function freeze(pids: readonly number[]): () => void {
  const frozen = pids.flatMap((pid) => [pid, ...childrenOf(pid)]);
  for (const pid of frozen) signal(pid, 'SIGSTOP');
  return () => {
    for (const pid of frozen.toReversed()) signal(pid, 'SIGCONT');
  };
}

/** Postgres is a process for each connection: freezing the first alone freezes nothing. Where there is no /proc, none are found. */
export function childrenOf(parent: number): number[] {
  try {
    return readdirSync('/proc').filter((name) => /^\d+$/.test(name) && parentOf(name) === parent).map(Number);
  } catch {
    return [];
  }
}

function parentOf(pid: string): number | null {
  try {
    return Number(/^PPid:\s*(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]);
  } catch {
    return null;
  }
}
