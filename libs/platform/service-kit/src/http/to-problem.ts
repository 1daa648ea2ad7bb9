import { isConnectionError } from '@ledgerline/postgres';
import { ProblemError } from './problem-error.js';

/** The framework's error codes that have a name of their own here. */
const FRAMEWORK_CODES: Record<string, [code: string, detail: string]> = {
  FST_ERR_CTP_BODY_TOO_LARGE: ['body_too_large', 'The body is larger than this route accepts.'],
  FST_ERR_CTP_INVALID_MEDIA_TYPE: ['unsupported_media_type', 'The Content-Type is not one this route reads.'],
  FST_ERR_CTP_EMPTY_JSON_BODY: ['malformed_json', 'The body is empty, but its Content-Type says JSON.'],
  FST_ERR_CTP_INVALID_JSON_BODY: ['malformed_json', 'The body is not valid JSON.'],
  FST_ERR_CTP_INVALID_CONTENT_LENGTH: ['invalid_content_length', 'The body is not as long as its Content-Length says.'],
  FST_ERR_MAX_PARAM_LENGTH: ['uri_too_long', 'A part of the path is longer than any id.'],
  FST_ERR_BAD_URL: ['malformed_url', 'The path is not a valid URL path.'],
};

const STATUS_NAMES: Record<number, string> = {
  400: 'bad_request',
  401: 'unauthenticated',
  403: 'forbidden',
  404: 'not_found',
  405: 'method_not_allowed',
  408: 'request_timeout',
  413: 'body_too_large',
  414: 'uri_too_long',
  415: 'unsupported_media_type',
  431: 'headers_too_large',
  503: 'unavailable',
};

const INTERNAL = new ProblemError(500, 'internal', 'The request could not be completed.');
const UNAVAILABLE = new ProblemError(503, 'dependency_unavailable', 'A database this needs cannot be reached; try again.', undefined, {
  'retry-after': '1',
});

/** What the caller may know of any error: a ProblemError as it is, a framework's refusal by name, all else without its message. */
export function toProblem(error: unknown): ProblemError {
  if (error instanceof ProblemError) return error;
  const { status, code, message } = describe(error);
  const known = code === undefined ? undefined : FRAMEWORK_CODES[code];
  if (status !== undefined && status >= 400 && status < 500) {
    if (known) return new ProblemError(status, known[0], known[1]);
    if (error instanceof SyntaxError) return new ProblemError(400, 'malformed_json', 'The body is not valid JSON.');
    return new ProblemError(status, STATUS_NAMES[status] ?? 'bad_request', message);
  }
  return isConnectionError(error) ? UNAVAILABLE : INTERNAL;
}

/** Nest wraps a framework error and keeps it as the cause; the inner code says more than the outer class. */
function describe(error: unknown): { status?: number; code?: string; message: string } {
  if (!(error instanceof Error)) return { message: String(error) };
  const outer = error as Error & { statusCode?: unknown; getStatus?: () => number; code?: unknown };
  const inner = error.cause as { code?: unknown } | undefined;
  const status = typeof outer.getStatus === 'function' ? outer.getStatus() : outer.statusCode;
  const code = typeof inner?.code === 'string' ? inner.code : outer.code;
  return {
    status: typeof status === 'number' ? status : undefined,
    code: typeof code === 'string' ? code : undefined,
    message: error.message,
  };
}
