import { once } from 'node:events';
import { createServer, type ServerResponse } from 'node:http';
import { hostname } from 'node:os';
import { type AddressInfo } from 'node:net';
import { startTelemetry } from '@ledgerline/telemetry';
import { AuditMetrics, type AuditRun } from './audit-metrics.js';

/** /metrics, /healthz and /readyz of a running watch, as every service has them. */
export interface MetricsServer {
  readonly metrics: AuditMetrics;
  readonly port: number;
  close(): Promise<void>;
}

/** @param port 0 takes a free one, @param last the last run: ready while it found no difference */
export async function startMetricsServer(host: string, port: number, last: () => AuditRun | undefined): Promise<MetricsServer> {
  const telemetry = await startTelemetry({ service: 'audit', instanceId: hostname(), sampleRatio: 0 });
  const answers: Record<string, (answer: ServerResponse) => unknown> = {
    '/healthz': (answer) => json(answer, 200, { status: 'ok', service: 'audit' }),
    '/readyz': (answer) => {
      const reason = notReady(last());
      json(answer, reason ? 503 : 200, { status: reason ? 'not_ready' : 'ready', service: 'audit', checks: { audit: reason ? { ok: false, reason } : { ok: true } } });
    },
    '/metrics': async (answer) => answer.setHeader('content-type', 'text/plain; version=0.0.4; charset=utf-8').end(await telemetry.metricsText()),
  };
  const server = createServer((request, answer) => {
    const path = (request.url ?? '').split('?')[0]!;
    const respond = answers[path];
    if (respond) void respond(answer);
    else json(answer, 404, { title: 'Not Found', detail: 'There are /metrics, /healthz and /readyz.' });
  });
  server.listen(port, host);
  await once(server, 'listening');
  return {
    metrics: new AuditMetrics(telemetry.meter),
    port: (server.address() as AddressInfo).port,
    close: async () => {
      server.close();
      server.closeAllConnections();
      await telemetry.shutdown();
    },
  };
}

function notReady(run: AuditRun | undefined): string | undefined {
  if (!run) return 'no audit has ended yet';
  const { differences } = run.report;
  return differences.length === 0 ? undefined : `the last audit found ${differences.length} differences`;
}

const json = (answer: ServerResponse, status: number, body: object): unknown => answer.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
