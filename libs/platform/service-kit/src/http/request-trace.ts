import { SpanKind, type StartedSpan, startSpan, type Telemetry } from '@ledgerline/telemetry';
import { type FastifyInstance } from 'fastify';

declare module 'fastify' {
  interface FastifyRequest {
    /** The span of this request, when it has one; its `traceparent` goes into what the request causes. */
    trace: StartedSpan | null;
  }
}

/** Continues a caller's trace, or begins one when spans are exported; otherwise a request costs nothing here. */
export function installRequestTrace(fastify: FastifyInstance, telemetry: Telemetry): void {
  fastify.decorateRequest('trace', null);
  fastify.addHook('onRequest', (request, _reply, done) => {
    const { traceparent } = request.headers;
    if (typeof traceparent === 'string' || telemetry.exporting) {
      const name = `${request.method} ${request.routeOptions.url ?? 'unmatched'}`;
      request.trace = startSpan(name, { kind: SpanKind.SERVER, parent: typeof traceparent === 'string' ? traceparent : undefined });
    }
    done();
  });
  fastify.addHook('onResponse', (request, reply, done) => {
    request.trace?.span.setAttribute('http.response.status_code', reply.statusCode);
    request.trace?.end(reply.statusCode >= 500 ? new Error(`status ${reply.statusCode}`) : undefined);
    done();
  });
}
