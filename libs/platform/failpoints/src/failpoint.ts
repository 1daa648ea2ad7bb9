import { existsSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { type ArmedFailpoint, parseArmed } from './armed-failpoint.js';

/** The places where a process can be made to fail. */
export type FailpointName =
  | 'ingest.before-publish'
  | 'ingest.after-ack'
  | 'pricing.after-recover'
  | 'pricing.after-decide'
  | 'pricing.publish-timeout'
  | 'pricing.after-publish'
  | 'pricing.after-cover'
  | 'sink.after-begin'
  | 'sink.mid-insert'
  | 'sink.after-insert'
  | 'sink.before-settle'
  | 'quota.before-commit'
  | 'quota.after-announce'
  | 'quota.after-commit'
  | 'outbox.after-publish'
  | 'alerting.before-commit'
  | 'alerting.after-commit';

/** What an armed failpoint with the action `error` throws where its place has no error of its own. */
export class FailpointError extends Error {
  constructor(name: string) {
    super(`failpoint ${name}`);
    this.name = 'FailpointError';
  }
}

const passed = new Map<string, number>();

/**
 * Fails here when it is armed: when a file of its name, holding an {@link ArmedFailpoint}, lies in the folder that LEDGERLINE_FAILPOINTS
 * names. The file is removed by the process that fails. Calls stand on lines of their own: a production build leaves those lines out.
 *
 * @param failure what the action `error` throws here
 */
export function failpoint(name: FailpointName, failure: () => Error = () => new FailpointError(name)): void | Promise<unknown> {
  const folder = process.env['LEDGERLINE_FAILPOINTS'];
  if (!folder) return;
  const armed = take(join(folder, name), name);
  if (!armed) return;
  if (armed.action === 'error') throw failure();
  if (armed.action === 'delay') return delay(armed.ms);
  if (armed.ms === 0) process.kill(process.pid, 'SIGKILL');
  else setTimeout(() => process.kill(process.pid, 'SIGKILL'), armed.ms);
}

/** The file's content, and the file is gone: of several processes that pass at once, one fails. */
function take(file: string, name: string): ArmedFailpoint | undefined {
  if (!existsSync(file)) return undefined;
  try {
    const armed = parseArmed(readFileSync(file, 'utf8'));
    const before = passed.get(name) ?? 0;
    passed.set(name, before + 1);
    if (before < (armed.skip ?? 0)) return undefined;
    rmSync(file);
    passed.delete(name);
    return armed;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}
