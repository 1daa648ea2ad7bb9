import { type Socket } from 'node:net';
import { type CustomTypesConfig, Pool, type PoolClient, types } from 'pg';

export interface PoolOptions {
  /** Most connections held at once. */
  max?: number;
  /** Shown in pg_stat_activity, so that an operator sees who holds a lock. */
  applicationName: string;
  /** Told of an error on an idle connection (the server went away); the pool itself recovers. */
  onError?: (error: Error) => void;
  /** A statement without a byte of answer for this long ends its connection; no limit unless told. */
  answerWithinMs?: number;
}

const DEFAULT_MAX = 10;
/** For services: none of their statements takes seconds. */
export const ANSWER_WITHIN_MS = 30_000;
const CONNECT_TIMEOUT_MS = 5_000;
const INT8_OID = 20;

/**
 * A pg pool. int8 arrives as a number when that is exact and as a bigint otherwise, so no position is ever rounded;
 * numeric arrives as the decimal string, so no money is ever a float.
 */
export function createPool(url: string, { max = DEFAULT_MAX, applicationName, onError, answerWithinMs }: PoolOptions): Pool {
  const pool = new Pool({
    connectionString: url,
    max,
    application_name: applicationName,
    connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
    keepAlive: true,
    types: exactTypes,
  });
  // Without a listener, a server restart would end the process with an unhandled 'error' event.
  pool.on('error', (error) => onError?.(error));
  // The pool listens to idle connections only. One that is ended while checked out, between two statements of a transaction, fails
  // its next statement anyway; it must not end the process as well.
  pool.on('connect', (client) => {
    client.on('error', () => undefined);
    if (answerWithinMs !== undefined) endWhenSilent(client, answerWithinMs);
  });
  return pool;
}

/**
 * A wire that was cut without a word, or a server that hangs, must not hold a worker for ever: TCP alone gives up after a quarter of an hour.
 * The connection is ended, not the statement given up: pg would hand on a connection whose answer may still come.
 */
function endWhenSilent(client: PoolClient, answerWithinMs: number): void {
  const { connection } = client as unknown as { connection: { stream: Socket } };
  connection.stream.setTimeout(answerWithinMs, () => {
    const { readyForQuery } = client as unknown as { readyForQuery: boolean };
    if (readyForQuery) return;
    connection.stream.destroy(Object.assign(new Error(`Postgres did not answer within ${answerWithinMs} ms`), { code: 'ETIMEDOUT' }));
  });
}

/** Parses int8 text: a number when safe, else a bigint. */
export function parseInt8(text: string): number | bigint {
  const value = Number(text);
  return Number.isSafeInteger(value) ? value : BigInt(text);
}

const exactTypes: CustomTypesConfig = {
  getTypeParser: ((oid: number, format?: 'text' | 'binary') =>
    oid === INT8_OID && format !== 'binary' ? parseInt8 : types.getTypeParser(oid, format as 'text')) as CustomTypesConfig['getTypeParser'],
};
