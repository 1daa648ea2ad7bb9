import { setTimeout as delay } from 'node:timers/promises';

export interface EventuallyOptions {
  /** Default 10,000. */
  timeoutMs?: number;
  /** Default 25. */
  intervalMs?: number;
}

/**
 * Runs `check` until it neither throws nor answers `false`, and returns what it answered.
 * After `timeoutMs` it throws what the last try threw.
 */
export async function eventually<T>(check: () => T | Promise<T>, options: EventuallyOptions = {}): Promise<Exclude<T, false>> {
  const { timeoutMs = 10_000, intervalMs = 25 } = options;
  const deadline = performance.now() + timeoutMs;
  for (;;) {
    let failure: unknown;
    try {
      const answer = await check();
      if (answer !== false) return answer as Exclude<T, false>;
      failure = new Error(`still false after ${timeoutMs} ms`);
    } catch (error) {
      failure = error;
    }
    if (performance.now() > deadline) throw failure;
    await delay(intervalMs);
  }
}
