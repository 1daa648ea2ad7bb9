import { type Clock } from '@ledgerline/kernel';
import { type CheckResult } from './readiness.js';

const DEFAULT_LIMIT_MS = 30_000;

/**
 * Tells a consumer that is stuck from one that is merely behind: not ready once work has waited, without the position moving,
 * for the whole limit. A lag that is being worked off, or an idle consumer, is well.
 */
export class ProgressWatch {
  private position: number | undefined;
  private lag = 0;
  private waitingSinceMs: number;

  constructor(
    private readonly clock: Clock,
    private readonly limitMs: number = DEFAULT_LIMIT_MS,
  ) {
    this.waitingSinceMs = clock.nowMs();
  }

  /** @param lag messages not yet consumed; @param position changes with every message consumed */
  observe(lag: number, position: number): void {
    const idleBefore = this.lag === 0;
    if (position !== this.position || lag === 0 || idleBefore) this.waitingSinceMs = this.clock.nowMs();
    this.position = position;
    this.lag = lag;
  }

  check(): CheckResult {
    const waitedMs = this.clock.nowMs() - this.waitingSinceMs;
    if (this.lag === 0 || waitedMs < this.limitMs) return { ok: true };
    return { ok: false, reason: `no progress at position ${this.position ?? 0} for ${Math.round(waitedMs / 1000)} s with ${this.lag} messages waiting` };
  }
}
