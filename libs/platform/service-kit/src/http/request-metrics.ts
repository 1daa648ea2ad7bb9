import { type Meter } from '@ledgerline/telemetry';
import { type FastifyInstance } from 'fastify';

interface RouteTotals {
  attributes: { method: string; route: string; status: number };
  requests: number;
  seconds: number;
}

/** Counts requests and time by route and status in plain numbers, which the meter reads when it is scraped: no work per request beyond an addition. */
export function installRequestMetrics(fastify: FastifyInstance, meter: Meter): void {
  const totals = new Map<string, RouteTotals>();
  fastify.addHook('onResponse', (request, reply, done) => {
    const route = request.routeOptions.url ?? 'unmatched';
    const id = `${request.method} ${route} ${reply.statusCode}`;
    let entry = totals.get(id);
    if (!entry) totals.set(id, (entry = { attributes: { method: request.method, route, status: reply.statusCode }, requests: 0, seconds: 0 }));
    entry.requests += 1;
    entry.seconds += reply.elapsedTime / 1000;
    done();
  });
  meter
    .createObservableCounter('http_server_requests', { description: 'Answered requests' })
    .addCallback((result) => totals.forEach((entry) => result.observe(entry.requests, entry.attributes)));
  meter
    .createObservableCounter('http_server_request_seconds', { description: 'Time spent answering requests' })
    .addCallback((result) => totals.forEach((entry) => result.observe(entry.seconds, entry.attributes)));
}
