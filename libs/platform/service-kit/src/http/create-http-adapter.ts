import { FastifyAdapter } from '@nestjs/platform-fastify';
import { type FastifyError, type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify';
import { type Socket } from 'node:net';
import { answerClientError } from './client-errors.js';
import { sendProblem } from './send-problem.js';
import { toProblem } from './to-problem.js';

export interface HttpOptions {
  bodyLimitBytes: number;
  requestTimeoutMs: number;
  /** On answers that no hook sees. */
  headers: Readonly<Record<string, string>>;
}

const HEADERS_TIMEOUT_MS = 10_000;
/** How often Node looks for stalled requests; its own default of 30 s would double every limit. */
const STALL_CHECK_MS = 500;
/** A refused body up to this size is read and dropped, so that the caller gets the answer rather than a reset connection. */
const DRAINED_BODY_BYTES = 64 * 1024 * 1024;

/** Fastify under Nest: limits on head, body and time, and problem+json for what fails before a route is reached. */
export function createHttpAdapter({ bodyLimitBytes, requestTimeoutMs, headers }: HttpOptions): FastifyAdapter {
  const adapter = new FastifyAdapter({
    bodyLimit: bodyLimitBytes,
    requestTimeout: requestTimeoutMs,
    http: {
      requestTimeout: requestTimeoutMs,
      headersTimeout: Math.min(HEADERS_TIMEOUT_MS, requestTimeoutMs),
      connectionsCheckingInterval: STALL_CHECK_MS,
    },
    forceCloseConnections: 'idle',
    return503OnClosing: false,
    clientErrorHandler: (error: Error & { code?: string }, socket: Socket) => answerClientError(error, socket, headers),
    frameworkErrors: (error: FastifyError, _request: FastifyRequest, reply: FastifyReply) => sendProblem(reply.headers(headers), toProblem(error)),
  });
  const fastify = adapter.getInstance<FastifyInstance>();
  fastify.removeContentTypeParser('text/plain');
  fastify.addHook('onSend', (request, reply, payload, done) => {
    const refused = reply.statusCode >= 400 && !request.raw.complete && reply.hasHeader('connection');
    if (refused && Number(request.headers['content-length'] ?? 0) <= DRAINED_BODY_BYTES) reply.removeHeader('connection');
    done(null, payload);
  });
  return adapter;
}
