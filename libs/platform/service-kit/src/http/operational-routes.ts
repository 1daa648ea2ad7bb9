import { type Telemetry } from '@ledgerline/telemetry';
import { type FastifyInstance } from 'fastify';
import { type Readiness } from '../health/readiness.js';

/** /healthz (the process lives), /readyz (it should get work; the body says what does not) and /metrics. No key is asked for. */
export function installOperationalRoutes(fastify: FastifyInstance, service: string, readiness: Readiness, telemetry: Telemetry): void {
  const open = { config: { open: true } };
  fastify.get('/healthz', open, () => ({ status: 'ok', service }));
  fastify.get('/readyz', open, async (_request, reply) => {
    const { ready, checks } = await readiness.evaluate();
    return reply.code(ready ? 200 : 503).send({ status: ready ? 'ready' : 'not_ready', service, checks });
  });
  fastify.get('/metrics', open, async (_request, reply) =>
    reply.header('content-type', 'text/plain; version=0.0.4; charset=utf-8').send(await telemetry.metricsText()),
  );
}
