import { type IncomingHttpHeaders, type IncomingMessage, type OutgoingHttpHeaders, type ServerResponse } from 'node:http';
import { type Readable } from 'node:stream';
import { type Dispatcher, type Pool } from 'undici';
import { sendProblem } from './problem.js';

/** Headers about one connection (RFC 9110, 7.6.1), and `expect`, which was answered here. */
const CONNECTION_HEADERS = ['connection', 'keep-alive', 'proxy-authenticate', 'proxy-authorization', 'proxy-connection', 'te', 'trailer', 'transfer-encoding', 'upgrade', 'expect'];

/** What is left of a refused body is read and dropped up to this size, so that its sender gets to read the refusal. */
const DRAIN_LIMIT_BYTES = 64 * 1024 * 1024;

const UNAVAILABLE =
  'The service that answers this is not there at the moment. What was sent may or may not have been taken: send it again with the same ids.';

function endToEnd(headers: IncomingHttpHeaders): OutgoingHttpHeaders {
  const kept: OutgoingHttpHeaders = { ...headers };
  for (const name of CONNECTION_HEADERS) delete kept[name];
  for (const name of headers.connection?.split(',') ?? []) delete kept[name.trim().toLowerCase()];
  return kept;
}

function hasBody({ headers }: IncomingMessage): boolean {
  return headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) > 0;
}

/** The rest of a body that nobody upstream wants any more. */
function drain(request: IncomingMessage): void {
  let bytes = 0;
  request.on('data', (chunk: Buffer) => {
    bytes += chunk.length;
    if (bytes > DRAIN_LIMIT_BYTES) request.destroy();
  });
  request.on('error', () => undefined);
}

/** Copies an answer to the client as it comes, no faster than the client reads. */
class Answer implements Dispatcher.DispatchHandler {
  private controller: Dispatcher.DispatchController | undefined;

  constructor(
    private readonly request: IncomingMessage,
    private readonly response: ServerResponse,
    private readonly ownHeaders: Readonly<Record<string, string>>,
  ) {
    response.on('drain', () => this.controller?.resume());
    response.on('close', () => {
      if (!response.writableFinished) this.controller?.abort(new Error('the client went away'));
    });
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.controller = controller;
    if (this.response.destroyed) controller.abort(new Error('the client went away'));
  }

  onResponseStart(_controller: Dispatcher.DispatchController, status: number, headers: IncomingHttpHeaders): void {
    if (status < 200) return;
    this.response.writeHead(status, endToEnd(headers));
  }

  onResponseData(controller: Dispatcher.DispatchController, chunk: Buffer): void {
    if (!this.response.write(chunk)) controller.pause();
  }

  onResponseEnd(): void {
    this.response.end();
    if (!this.request.complete) drain(this.request);
  }

  onResponseError(): void {
    if (this.response.destroyed) return;
    sendProblem(this.response, 503, 'service_unavailable', UNAVAILABLE, { ...this.ownHeaders, 'retry-after': '1' });
    if (!this.request.complete) drain(this.request);
  }
}

/** Sends a request on and its answer back, both as streams. A service that is away is a 503 with Retry-After. @param ownHeaders of answers that no service gave */
export function forward(pool: Pool, request: IncomingMessage, response: ServerResponse, ownHeaders: Readonly<Record<string, string>>): void {
  // A plain iterator, not the stream: an answer that comes early must not destroy the client's connection.
  const body = hasBody(request) ? (request.iterator({ destroyOnReturn: false }) as unknown as Readable) : null;
  const { method = 'GET', url = '/' } = request;
  try {
    pool.dispatch({ method: method as Dispatcher.HttpMethod, path: url, headers: endToEnd(request.headers), body }, new Answer(request, response, ownHeaders));
  } catch {
    sendProblem(response, 400, 'bad_request', 'This request cannot be handed on.', ownHeaders);
  }
}
