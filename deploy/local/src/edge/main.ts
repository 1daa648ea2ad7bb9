import { SERVICES } from '../parts.js';
import { createEdge } from './create-edge.js';

/** Runs the edge as a process: HOST, PORT, and UPSTREAMS, a JSON object from service to base URL, and HSTS_MAX_AGE_S as the services have it. */
const { HOST = '127.0.0.1', PORT = '8080', UPSTREAMS = '{}', HSTS_MAX_AGE_S } = process.env;
const upstreams = JSON.parse(UPSTREAMS) as Parameters<typeof createEdge>[0];
const missing = SERVICES.filter((name) => !upstreams[name]);
if (missing.length > 0) throw new Error(`UPSTREAMS lacks ${missing.join(', ')}.`);

const edge = createEdge(upstreams, { hstsMaxAgeS: Number(HSTS_MAX_AGE_S || 0) });
await new Promise<void>((resolve, reject) => edge.once('error', reject).listen(Number(PORT), HOST, resolve));

let stopping = false;
for (const signal of ['SIGTERM', 'SIGINT'] as const) {
  process.on(signal, () => {
    if (stopping) return;
    stopping = true;
    edge.close(() => process.exit(0));
    edge.closeIdleConnections();
  });
}
