import { reasonOf } from '../../connection/api-client.js';
import { type AreaCheck, type Findings } from '../finding.js';
import { type KnownAddresses } from '../known-addresses.js';
import { reportAlertMail } from './alert-mail.js';

interface ServiceReadiness {
  readonly status: string;
  readonly checks?: Readonly<Record<string, { readonly ok: boolean; readonly reason?: string }>>;
}

interface EdgeReadiness {
  readonly services: Readonly<Record<string, { readonly ready: boolean; readonly detail?: ServiceReadiness | string }>>;
}

const TIMEOUT_MS = 5_000;
/** Messages that wait; a lag that is being worked off is no fault, one that only grows makes the service not ready. */
const LAG = { warnAt: 10_000, failAt: Number.POSITIVE_INFINITY };
const NOT_READY = 'See its log; it goes on by itself when what it names is well again.';

/** Every service: ready, and how far behind. Where only the API's address is known, what the edge says of them. */
export const servicesCheck = (known: KnownAddresses): AreaCheck => ({
  area: 'services',
  unreachable: 'Start the stack: npm start.',
  run: async (findings) => {
    const services = Object.entries(known.servicePorts);
    if (services.length > 0) await Promise.all(services.map(([name, port]) => reportService(findings, name, `http://127.0.0.1:${port}`)));
    else await reportEdge(findings, known.apiUrl);
    findings.list.sort((a, b) => (a.check < b.check ? -1 : 1));
  },
});

async function reportService(findings: Findings, name: string, url: string): Promise<void> {
  let readiness: ServiceReadiness;
  try {
    readiness = (await (await ask(`${url}/readyz`)).json()) as ServiceReadiness;
  } catch (error) {
    return findings.fail(name, `does not answer at ${url} (${reasonOf(error)})`, 'Start it: npm start runs all of them, npm run start:service -- NAME one.');
  }
  if (readiness.status !== 'ready') return findings.fail(name, reasonsOf(readiness), NOT_READY);
  const metrics = await (await ask(`${url}/metrics`)).text();
  if (name === 'alerting') reportAlertMail(findings, metrics);
  const lag = lagOf(metrics);
  if (lag === undefined) return findings.ok(name, 'ready');
  findings.level(name, lag, LAG, `ready, ${lag} messages behind`, 'It works through them; if the number grows, start another copy.');
}

async function reportEdge(findings: Findings, url: string): Promise<void> {
  const answer = await ask(`${url}/readyz`).catch((error: unknown) => {
    throw new Error(`${url} does not answer (${reasonOf(error)})`);
  });
  const { services } = (await answer.json()) as Partial<EdgeReadiness>;
  if (!services) return findings.skip('services', `${url} does not say how its services are`, 'Ask each of them: GET /readyz on its own port.');
  for (const [name, { ready, detail }] of Object.entries(services)) {
    if (ready) findings.ok(name, 'ready');
    else findings.fail(name, typeof detail === 'object' ? reasonsOf(detail) : (detail ?? 'not ready'), NOT_READY);
  }
}

const ask = (url: string): Promise<Response> => fetch(url, { headers: { connection: 'close' }, signal: AbortSignal.timeout(TIMEOUT_MS) });

function reasonsOf({ checks = {} }: ServiceReadiness): string {
  const reasons = Object.entries(checks).filter(([, { ok }]) => !ok).map(([name, { reason }]) => `${name}: ${reason ?? 'not well'}`);
  return `not ready${reasons.length > 0 ? `: ${reasons.join('; ')}` : ''}`;
}

/** The sum over partitions of a service's lag; undefined when it consumes nothing. */
export function lagOf(metrics: string): number | undefined {
  const values = [...metrics.matchAll(/^ledgerline_consumer_lag_messages(?:\{[^}]*\})? (\d+)/gm)].map(([, value]) => Number(value));
  return values.length === 0 ? undefined : values.reduce((sum, value) => sum + value, 0);
}
