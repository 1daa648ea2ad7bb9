import { readdirSync, readFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { eventually, type WholeStack } from '@ledgerline/local-stack';
import { type Fault } from './schedule.js';

/** Longest that the stack may take until all of it is ready again. */
const RECOVERY_MS = 120_000;

/**
 * Does it, and resolves when the whole stack is ready again.
 *
 * @returns milliseconds from the end of the fault until then
 * @throws when it does not come back
 */
export async function inflict(stack: WholeStack, { kind, parts, holdMs }: Fault): Promise<number> {
  const pids = parts.map((part) => [part, stack.pid(part)] as const);
  if (kind === 'kill') {
    for (const [, pid] of pids) signal(pid, 'SIGKILL');
  } else {
    const frozen = pids.flatMap(([, pid]) => [pid, ...childrenOf(pid)]);
    for (const pid of frozen) signal(pid, 'SIGSTOP');
    await delay(holdMs);
    for (const pid of frozen.reverse()) signal(pid, 'SIGCONT');
  }
  const since = performance.now();
  await eventually(
    async () => {
      if (kind === 'kill') for (const [part, pid] of pids) if (stack.pid(part) === pid) throw new Error(`${part} was not started again`);
      if (!(await stack.ready())) throw new Error(`the stack is not ready:\n${stack.terminal.slice(-2_000)}`);
    },
    { timeoutMs: RECOVERY_MS },
  );
  return performance.now() - since;
}

/** A process that ended by itself needs no signal. */
function signal(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}

/** Postgres is a process for each connection: freezing the first alone freezes nothing. Where there is no /proc, none are found. */
function childrenOf(parent: number): number[] {
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
