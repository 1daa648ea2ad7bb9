/** Time is passed in, so that decisions can be replayed and tests can choose the moment. */
export interface Clock {
  /** Milliseconds since the Unix epoch, UTC. */
  nowMs(): number;
}

/** The machine's wall clock. */
export const systemClock: Clock = { nowMs: () => globalThis.Date.now() };
