import proxy from '@fastify/http-proxy';
import Fastify, { type FastifyInstance, type FastifyRequest } from 'fastify';
import { type ServiceName } from '../parts.js';
import { sendProblem } from './problem.js';
import { stackReadiness } from './readiness.js';
import { routeOf } from './routes.js';

const pathOf = (url: string): string => url.split('?', 1)[0] as string;

function withoutExpect(headers: Record<string, unknown>): Record<string, unknown> {
  // The 100-continue was answered here; the client to the services cannot ask for one.
  delete headers['expect'];
  return headers;
}

/**
 * The one address of the public API: hands each request to the service that answers it, by the route
 * table. Bodies stream through as they are; size, encoding and keys are the services' business.
 */
export function createEdge(upstreams: Record<ServiceName, string>): FastifyInstance {
  const edge = Fastify({ logger: false, requestTimeout: 60_000, keepAliveTimeout: 65_000, forceCloseConnections: 'idle', exposeHeadRoutes: false });

  // Left alone, Fastify would read text/plain bodies into memory, up to a limit of its own.
  edge.removeAllContentTypeParsers();
  edge.get('/healthz', () => ({ status: 'ok', service: 'edge' }));
  edge.get('/readyz', async (_request, reply) => {
    const readiness = await stackReadiness(upstreams);
    return reply.code(readiness.status === 'ready' ? 200 : 503).send(readiness);
  });

  edge.register(proxy, {
    upstream: '',
    disableRequestLogging: true,
    // An answer of 503 is the service's to give and the client's to act on.
    retryMethods: [],
    undici: { connections: 256, pipelining: 1, headersTimeout: 60_000, bodyTimeout: 60_000 },
    preHandler: async (request, reply) => {
      const path = pathOf(request.url);
      if (routeOf(request.method, path) === null) return sendProblem(reply, 404, 'not_found', `There is nothing at ${path}.`);
    },
    replyOptions: {
      getUpstream: (request) => upstreams[routeOf(request.method as string, pathOf((request as FastifyRequest).url)) as ServiceName],
      rewriteRequestHeaders: (_request, headers) => withoutExpect(headers) as typeof headers,
      onError: (reply, { error }) => {
        reply.header('retry-after', '1');
        const detail = 'The service that answers this is not there at the moment. What was sent may or may not have been taken: send it again with the same ids.';
        void sendProblem(reply as Parameters<typeof sendProblem>[0], 503, 'service_unavailable', detail);
        void error;
      },
    },
  });
  return edge;
}
