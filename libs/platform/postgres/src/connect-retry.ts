const FIRST_DELAY_MS = 100;
const LONGEST_DELAY_MS = 2_000;

/** Errors of a server that is not there yet, or on its way up or down; all else is a real failure. */
const TRANSIENT_CODES = new Set(['ECONNREFUSED', 'ECONNRESET', 'ENOTFOUND', 'EAI_AGAIN', 'ETIMEDOUT', 'EPIPE', '57P01', '57P02', '57P03', '53300', '08006', '08001', '08003']);

/** Whether trying again later may succeed without anybody changing anything. */
export function isConnectionError(error: unknown): boolean {
  for (let current = error; current instanceof Error; current = current.cause as Error) {
    const code = (current as { code?: unknown }).code;
    if (typeof code === 'string' && TRANSIENT_CODES.has(code)) return true;
    if (/connection terminated|connect timeout|timeout exceeded when trying to connect/i.test(current.message)) return true;
    if (current instanceof AggregateError && current.errors.some(isConnectionError)) return true;
  }
  return false;
}

/** Runs `work` until it succeeds, as long as the server is merely unreachable and `limitMs` has not passed. */
export async function retryWhileUnreachable<T>(work: () => Promise<T>, limitMs: number, onRetry?: (error: unknown) => void): Promise<T> {
  const giveUpAt = performance.now() + limitMs;
  for (let delayMs = FIRST_DELAY_MS; ; delayMs = Math.min(delayMs * 2, LONGEST_DELAY_MS)) {
    try {
      return await work();
    } catch (error) {
      if (!isConnectionError(error) || performance.now() + delayMs > giveUpAt) throw error;
      onRetry?.(error);
      await new Promise((resolve) => setTimeout(resolve, delayMs));
    }
  }
}
