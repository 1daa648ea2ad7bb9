/** What the load generator is asked to do: passed to its process as one JSON argument. */
export interface LoadJob {
  readonly port: number;
  readonly path: string;
  readonly key: string;
  /** Names the ids of this run; see TrafficPlan. */
  readonly run: string;
  readonly batchSize: number;
  readonly customers: number;
  readonly connections: number;
  /** Stop after this many events ... */
  readonly events?: number;
  /** ... or after this time, whichever comes first. */
  readonly forMs?: number;
  /** Events per second to offer; undefined: as fast as answers come. */
  readonly rate?: number;
}

/** What it did: printed by its process as one JSON line. */
export interface LoadReport {
  readonly accepted: number;
  readonly requests: number;
  /** Requests sent again after a 503 or 429, with the same events. */
  readonly retries: number;
  readonly inputTokens: number;
  readonly outputTokens: number;
  /** Wall clock, milliseconds since the epoch: the first byte sent and the last answer. */
  readonly firstByteAtMs: number;
  readonly lastAnswerAtMs: number;
  /** Of the requests' answers, milliseconds. */
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly maxMs: number;
  /** CPU that the generator itself took, milliseconds. */
  readonly cpuMs: number;
}
