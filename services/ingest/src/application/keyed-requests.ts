/** DI token of the {@link KeyedRequests}. */
export const KEYED_REQUESTS = Symbol('KEYED_REQUESTS');

/** A request's Idempotency-Key, in the namespace that it counts in. */
export interface RequestKey {
  readonly customerId: string;
  readonly source: string;
  readonly key: string;
}

/** The key came before with another request. */
export class KeyReusedError extends Error {
  constructor() {
    super('The Idempotency-Key was used before for another request.');
    this.name = 'KeyReusedError';
  }
}

/** It cannot be said whether the key came before. */
export class KeysUnavailableError extends Error {
  constructor(cause: unknown) {
    super('it cannot be looked up whether the Idempotency-Key was used before', { cause });
    this.name = 'KeysUnavailableError';
  }
}

/** When requests with an Idempotency-Key came first: a repeat is of that time, and so is the same event with the same answer. */
export interface KeyedRequests {
  /**
   * The time of the first request with this key: `nowUs` if this is the first. Microseconds since 1970.
   *
   * @param digest of what was sent
   * @throws KeyReusedError, KeysUnavailableError
   */
  firstTimeUs(key: RequestKey, digest: string, nowUs: number): Promise<number>;
}
