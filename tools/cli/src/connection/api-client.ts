import { setTimeout as sleep } from 'node:timers/promises';
import { CliError, ExitCode } from '../exit.js';
import { type Home } from './home.js';

/** An answer of the API: the status, the parsed body, and how long it asks to be left alone. */
export interface ApiAnswer {
  readonly status: number;
  readonly body: unknown;
  /** Seconds of a `Retry-After` header, when there was one. */
  readonly retryAfterS?: number;
}

/** One HTTP exchange with the public API. Throws only when no answer came (refused, reset, timed out). */
export interface ApiTransport {
  send(method: string, path: string, body?: string, headers?: Record<string, string>): Promise<ApiAnswer>;
}

const BUSY_ATTEMPTS = 5;

/** The public API over HTTP, by the edge's address, with one key on everything. */
export class ApiClient implements ApiTransport {
  constructor(
    readonly baseUrl: string,
    private readonly key: string,
    private readonly timeoutMs = 60_000,
  ) {}

  /** LEDGERLINE_URL or the local edge; LEDGERLINE_ADMIN_KEY or the key kept in the home. @throws CliError without a key */
  static fromEnvironment(home: Home, env: NodeJS.ProcessEnv = process.env): ApiClient {
    const url = env.LEDGERLINE_URL ?? `http://127.0.0.1:${env.LEDGERLINE_PORT ?? home.stack()?.ports?.edge ?? 8080}`;
    const key = env.LEDGERLINE_ADMIN_KEY ?? home.adminKey();
    if (!key) {
      throw new CliError(`No key: set LEDGERLINE_ADMIN_KEY, or start the stack once so that it keeps one in ${home.path}.`, ExitCode.couldNotRun);
    }
    return new ApiClient(url.replace(/\/+$/, ''), key);
  }

  async send(method: string, path: string, body?: string, headers: Record<string, string> = {}): Promise<ApiAnswer> {
    const response = await fetch(`${this.baseUrl}${path}`, {
      method,
      body,
      headers: { authorization: `Bearer ${this.key}`, ...(body === undefined ? {} : { 'content-type': 'application/json' }), ...headers },
      signal: AbortSignal.timeout(this.timeoutMs),
    });
    const text = await response.text();
    const retryAfterS = Number(response.headers.get('retry-after') ?? Number.NaN);
    return { status: response.status, body: parse(text), ...(Number.isFinite(retryAfterS) ? { retryAfterS } : {}) };
  }

  /** Sends JSON and gives back the body of a 2xx answer. @throws CliError with the API's own words otherwise */
  async call(method: string, path: string, body?: unknown): Promise<unknown> {
    const answer = await this.attempt(method, path, body === undefined ? undefined : JSON.stringify(body));
    if (answer.status >= 200 && answer.status < 300) return answer.body;
    throw new CliError(describeProblem(answer));
  }

  /** A 503 says that nothing was done and when to come back; a few times that is worth doing. */
  private async attempt(method: string, path: string, body: string | undefined): Promise<ApiAnswer> {
    try {
      for (let left = BUSY_ATTEMPTS; ; left--) {
        const answer = await this.send(method, path, body);
        if (answer.status !== 503 || answer.retryAfterS === undefined || left === 0) return answer;
        await sleep(answer.retryAfterS * 1000);
      }
    } catch (error) {
      throw new CliError(`${this.baseUrl} does not answer (${reasonOf(error)}). Is the stack running?`, ExitCode.couldNotRun);
    }
  }
}

/** Why no answer came: the system's code where there is one (ECONNREFUSED), else the message. */
export function reasonOf(error: unknown): string {
  const { cause, message } = error as Error & { cause?: { code?: string; message?: string } };
  return cause?.code ?? cause?.message ?? message ?? String(error);
}

interface Problem {
  title?: string;
  detail?: string;
  errors?: { field: string; reason: string }[];
}

/** An RFC 9457 answer in one line: `403 Forbidden: ...; field: reason`. */
export function describeProblem(answer: ApiAnswer): string {
  const problem = (typeof answer.body === 'object' && answer.body !== null ? answer.body : {}) as Problem;
  const fields = (problem.errors ?? []).map(({ field, reason }) => `${field}: ${reason}`);
  return [`${answer.status} ${problem.detail ?? problem.title ?? 'without an explanation'}`, ...fields].join('; ');
}

function parse(text: string): unknown {
  if (text === '') return undefined;
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}
