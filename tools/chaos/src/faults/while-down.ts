import { eventually, isAlive, type ServerName, type WholeStack } from '@ledgerline/local-stack';
import { childrenOf, signal } from './signals.js';

const GONE_MS = 20_000;

/** Kills a server, does something while it is down, and lets it be started again: the supervisor is stopped meanwhile and sees only the end. */
export async function whileDown(stack: WholeStack, server: ServerName, work: () => void): Promise<void> {
  const pid = stack.pid(server);
  signal(stack.supervisorPid, 'SIGSTOP');
  try {
    const all = [pid, ...childrenOf(pid)];
    for (const one of all) signal(one, 'SIGKILL');
    await eventually(() => all.every((one) => !isAlive(one)), { timeoutMs: GONE_MS });
    work();
  } finally {
    signal(stack.supervisorPid, 'SIGCONT');
  }
}
