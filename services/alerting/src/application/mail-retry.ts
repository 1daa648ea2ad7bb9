/** How long a mail is tried. */
export interface RetryTerms {
  /** Pause after the first failure, milliseconds; each one after it is twice as long, up to an hour. */
  readonly firstPauseMs: number;
  /** From when it was queued. */
  readonly giveUpMs: number;
}

const LONGEST_PAUSE_MS = 60 * 60 * 1000;
/** 2 to this, times any pause, is longer than the longest. */
const MOST_DOUBLINGS = 22;

/**
 * When to try again after a failure; undefined when it has been tried for long enough. The last attempt is at the end of that time.
 *
 * @param attempts how many there were, at least 1
 */
export function nextAttemptMs({ attempts, queuedAtMs, nowMs }: { readonly attempts: number; readonly queuedAtMs: number; readonly nowMs: number }, { firstPauseMs, giveUpMs }: RetryTerms): number | undefined {
  const end = queuedAtMs + giveUpMs;
  if (nowMs >= end) return undefined;
  const pause = Math.min(LONGEST_PAUSE_MS, firstPauseMs * 2 ** Math.min(attempts - 1, MOST_DOUBLINGS));
  return Math.min(nowMs + pause, end);
}
