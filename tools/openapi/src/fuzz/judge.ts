import { type Answer, type Conformance } from '../conformance.js';
import { type FuzzRequest } from './fuzz-request.js';

/** What only a defect shows: a stack, a path of the source, an object that became text. */
const INSIDES = /\n\s+at |node_modules|\/(?:src|dist)\/|\.[jt]s:\d+|\[object Object\]|SELECT .* FROM|DB::Exception/;
const PLAIN_JSON = /^application\/json(; charset=utf-8)?$/;

/** What is wrong with an answer; null when nothing is. */
export function judge(api: Conformance, request: FuzzRequest, answer: Answer): string | null {
  const { status, text, contentType } = answer;
  if (status >= 500) return `status ${status}: ${text.slice(0, 300)}`;
  if (INSIDES.test(text) && !INSIDES.test(decoded(request))) return `shows insides: ${text.slice(0, 300)}`;
  const route = routeOf(api, request);
  if (!route) {
    const fine = status >= 200 && status < 500 && (status < 400 || request.method === 'HEAD' || contentType.startsWith('application/problem+json'));
    return fine ? null : `status ${status} of the type "${contentType}" where there is no route: ${text.slice(0, 300)}`;
  }
  const [problem] = api.problems(request.method, route.path, answer);
  if (problem !== undefined) return problem;
  // What is no path is refused before anybody looks for a key.
  if (request.role === 'nobody' && ![401, 400, 414].includes(status) && !request.headers.some(([name]) => name === 'authorization')) return `status ${status} without a key`;
  return acceptedInvalid(api, request, route.path, status) ? `status ${status} for a body that the document calls invalid` : null;
}

function routeOf(api: Conformance, { method, target }: FuzzRequest): { path: string } | undefined {
  const path = target.split('?', 1)[0]!;
  return api.routeOf(method, path);
}

function acceptedInvalid(api: Conformance, { method, headers, body }: FuzzRequest, path: string, status: number): boolean {
  if (status >= 300 || status === 207 || body === null || body.length === 0) return false;
  if (!headers.every(([name, value]) => name !== 'content-encoding' && (name !== 'content-type' || PLAIN_JSON.test(value)))) return false;
  const operation = api.document.paths[path]?.[method.toLowerCase()];
  // What was released before is answered as it was then, whatever comes with the repetition.
  if (!operation?.requestBody || operation.operationId.startsWith('replayHeldItem')) return false;
  try {
    // A byte order mark is passed over, as RFC 8259 allows.
    return !api.acceptsBody(method, path, JSON.parse(body.toString('utf8').replace(/^\ufeff/, '')));
  } catch {
    return true;
  }
}

const decoded = ({ target, body }: FuzzRequest): string => `${target} ${body?.toString('utf8') ?? ''}`;
