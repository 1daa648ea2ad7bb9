/** Exponential, 100 ms to 5 s, with jitter so that copies of a service do not retry in step. `attempt` counts from 0. */
export function backoffMs(attempt: number, random = Math.random): number {
  const ceiling = Math.min(5_000, 100 * 2 ** Math.min(attempt, 10));
  return ceiling / 2 + (ceiling / 2) * random();
}
