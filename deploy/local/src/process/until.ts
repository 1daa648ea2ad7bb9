import { setTimeout as delay } from 'node:timers/promises';
import type { RunningProcess } from './launch.js';

/** A server that ended, or did not answer in time. The message says where its log is. */
export class ServerStartError extends Error {}

/**
 * Polls `ready` until it holds. Rejects with ServerStartError as soon as the process has ended, or
 * after `timeoutMs` or when `signal` aborts (the process is stopped then).
 */
export async function untilReady(
  name: string,
  server: RunningProcess,
  logFile: string,
  ready: () => Promise<boolean>,
  { timeoutMs = 30_000, intervalMs = 40, signal }: { timeoutMs?: number; intervalMs?: number; signal?: AbortSignal } = {},
): Promise<void> {
  const deadline = Date.now() + timeoutMs;
  let last = '';
  while (Date.now() < deadline) {
    if (!server.running()) {
      const { code, signal } = await server.exited;
      throw new ServerStartError(`${name} ended while starting (${signal ?? `exit code ${code}`}). Its log: ${logFile}`);
    }
    try {
      if (await ready()) return;
    } catch (error) {
      last = (error as Error).message;
    }
    if (signal?.aborted) break;
    await delay(intervalMs);
  }
  await server.stop();
  if (signal?.aborted) throw new ServerStartError(`${name} was stopped while starting`);
  throw new ServerStartError(`${name} was not ready within ${timeoutMs / 1000} s${last && ` (${last})`}. Its log: ${logFile}`);
}
