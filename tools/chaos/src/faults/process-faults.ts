import { setTimeout as delay } from 'node:timers/promises';
import { freeze, signal } from './signals.js';
import { type Inflict } from './stack-under-fire.js';

/** `kill -9`. In the end each has been started again. */
export const inflictKill: Inflict = async ({ stack }, { targets }) => {
  const pids = targets.map((part) => [part, stack.pid(part)] as const);
  for (const [, pid] of pids) signal(pid, 'SIGKILL');
  return () => {
    for (const [part, pid] of pids) if (stack.pid(part) === pid) throw new Error(`${part} was not started again`);
  };
};

/** SIGSTOP, and SIGCONT later. */
export const inflictFreeze: Inflict = async ({ stack }, { targets, holdMs }) => {
  const thaw = freeze(targets.map((part) => stack.pid(part)));
  try {
    await delay(holdMs);
  } finally {
    thaw();
  }
};
