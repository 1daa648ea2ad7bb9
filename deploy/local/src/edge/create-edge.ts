import { createServer, type IncomingMessage, type Server, type ServerResponse, STATUS_CODES } from 'node:http';
import { type Socket } from 'node:net';
import { Pool } from 'undici';
import { type ServiceName } from '../parts.js';
import { forward } from './forward.js';
import { problemText, sendProblem } from './problem.js';
import { stackReadiness } from './readiness.js';
import { methodOf, routeOf } from './routes.js';
import { securityHeaders } from './security-headers.js';

/** A little above what the services give a request, so that their own answer to a stalled body comes first. */
const REQUEST_TIMEOUT_MS = 25_000;
/** How often stalled requests are looked for. */
const STALL_CHECK_MS = 1_000;

const pathOf = (url: string): string => url.split('?', 1)[0] as string;

export interface EdgeOptions {
  /** Seconds that browsers are told to come by TLS alone, in the edge's own answers; 0: nothing is said of it. */
  readonly hstsMaxAgeS?: number;
  /** A request whose head and body have not arrived by then is answered 408. */
  readonly requestTimeoutMs?: number;
}

function sendJson(response: ServerResponse, status: number, value: object): void {
  response.writeHead(status, { 'content-type': 'application/json; charset=utf-8' }).end(JSON.stringify(value));
}

/** What could not be read as a request at all: too slow, headers too large, not HTTP. */
function refuse(error: NodeJS.ErrnoException & { rawPacket?: Buffer }, socket: Socket, headers: Readonly<Record<string, string>>): void {
  if (error.code === 'ECONNRESET' || !socket.writable) {
    socket.destroy();
    return;
  }
  const [status, code, detail] =
    error.code === 'ERR_HTTP_REQUEST_TIMEOUT'
      ? [408, 'request_timeout', 'The request did not arrive in time.']
      : error.code === 'HPE_HEADER_OVERFLOW'
        ? [431, 'headers_too_large', 'The headers are too large.']
        : [400, 'bad_request', 'This is not a readable HTTP request.'];
  const body = problemText(status as number, code as string, detail as string);
  const lines = { ...headers, 'content-type': 'application/problem+json; charset=utf-8', 'content-length': Buffer.byteLength(body), connection: 'close' };
  const head = Object.entries(lines).map(([name, value]) => `${name}: ${value}\r\n`).join('');
  // To HEAD, an answer has no body.
  const isHead = error.rawPacket?.subarray(0, 5).toString('latin1') === 'HEAD ';
  socket.end(`HTTP/1.1 ${status} ${STATUS_CODES[status as number]}\r\n${head}\r\n${isHead ? '' : body}`);
}

/**
 * The one address of the public API: hands each request to the service that answers it, by the route
 * table. Bodies stream through as they are; size, encoding and keys are the services' business.
 * Closing the server lets requests under way finish.
 */
export function createEdge(upstreams: Record<ServiceName, string>, { hstsMaxAgeS = 0, requestTimeoutMs = REQUEST_TIMEOUT_MS }: EdgeOptions = {}): Server {
  const headers = securityHeaders(hstsMaxAgeS);
  const pools = Object.fromEntries(
    Object.entries(upstreams).map(([name, url]) => [name, new Pool(url, { connections: 128, headersTimeout: 60_000, bodyTimeout: 60_000 })]),
  ) as Record<ServiceName, Pool>;

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { url = '/' } = request;
    const path = pathOf(url);
    const service = routeOf(methodOf(request), path);
    if (service !== null) return forward(pools[service], request, response, headers);
    for (const [name, value] of Object.entries(headers)) response.setHeader(name, value);
    if (path === '/healthz') return sendJson(response, 200, { status: 'ok', service: 'edge' });
    if (path === '/readyz') {
      const readiness = await stackReadiness(pools);
      return sendJson(response, readiness.status === 'ready' ? 200 : 503, readiness);
    }
    request.resume();
    sendProblem(response, 404, 'not_found', `There is nothing at ${path}.`);
  }

  const edge = createServer({ requestTimeout: requestTimeoutMs, connectionsCheckingInterval: STALL_CHECK_MS, keepAliveTimeout: 65_000 }, (request, response) => {
    answer(request, response).catch(() => sendProblem(response, 500, 'internal', 'The edge could not answer.', headers));
  });
  edge.on('clientError', (error, socket) => refuse(error, socket as Socket, headers));
  edge.on('close', () => {
    for (const pool of Object.values(pools)) void pool.destroy();
  });
  return edge;
}
