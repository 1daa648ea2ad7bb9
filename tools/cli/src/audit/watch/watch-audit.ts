import { setTimeout as sleep } from 'node:timers/promises';
import { type AuditReport } from '../run-audit.js';
import { type AuditRun } from './audit-metrics.js';

export interface Watch {
  readonly everyMs: number;
  /** One audit. A rejection is a run that could not take place; the next is tried all the same. */
  readonly audit: () => Promise<AuditReport>;
  readonly onRun: (run: AuditRun) => void;
  readonly onFailure: (error: Error) => void;
  readonly signal: AbortSignal;
  /** Wall clock, milliseconds since the epoch. */
  readonly nowMs: () => number;
}

/**
 * Audits again and again until the signal aborts; a run that takes longer than the interval is followed by the next at once.
 *
 * @returns the last run that took place
 */
export async function watchAudit({ everyMs, audit, onRun, onFailure, signal, nowMs }: Watch): Promise<AuditRun | undefined> {
  let last: AuditRun | undefined;
  while (!signal.aborted) {
    const startedAtMs = nowMs();
    try {
      const report = await audit();
      const endedAtMs = nowMs();
      last = { report, endedAtMs, tookMs: endedAtMs - startedAtMs };
      onRun(last);
    } catch (error) {
      onFailure(error as Error);
    }
    await sleep(Math.max(0, startedAtMs + everyMs - nowMs()), undefined, { signal }).catch(() => undefined);
  }
  return last;
}
