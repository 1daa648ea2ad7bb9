import { type Context } from '../../commands/context.js';
import { auditJson } from '../audit-report.js';
import { describeDifference } from '../difference.js';
import { type AuditReport } from '../run-audit.js';
import { type AuditRun } from './audit-metrics.js';
import { type MetricsServer, startMetricsServer } from './metrics-server.js';
import { watchAudit } from './watch-audit.js';

export interface TerminalWatch {
  readonly everyMs: number;
  readonly metricsPort?: number;
  readonly metricsHost: string;
  readonly json: boolean;
  readonly audit: () => Promise<AuditReport>;
}

/** Audits until SIGINT or SIGTERM, with a line for each run. @returns the last run that took place */
export async function watchOnTerminal({ everyMs, metricsPort, metricsHost, json, audit }: TerminalWatch, context: Context): Promise<AuditRun | undefined> {
  const stopping = new AbortController();
  const stop = (): void => stopping.abort();
  context.onInterrupt(stop);
  let last: AuditRun | undefined;
  let server: MetricsServer | undefined;
  try {
    if (metricsPort !== undefined) {
      server = await startMetricsServer(metricsHost, metricsPort, () => last);
      context.complain(`Metrics at http://${metricsHost}:${server.port}/metrics.`);
    }
    return await watchAudit({
      everyMs,
      audit,
      signal: stopping.signal,
      nowMs: () => Date.now(),
      onRun: (run) => {
        last = run;
        server?.metrics.ended(run);
        context.print(json ? JSON.stringify(auditJson(run.report)) : line(run));
      },
      onFailure: (error) => {
        server?.metrics.failed();
        context.complain(`${new Date().toISOString()}  The audit could not run: ${error.message}`);
      },
    });
  } finally {
    context.offInterrupt(stop);
    await server?.close();
  }
}

function line({ report, endedAtMs, tookMs }: AuditRun): string {
  const { differences, total, ledgers, coverage, lag } = report;
  const walked = ledgers.reduce((sum, { usageEvents, corrections }) => sum + usageEvents + corrections, 0n);
  const what = differences[0] ? `DIFFERENT: ${describeDifference(differences[0])}${differences.length > 1 ? `, and ${differences.length - 1} more` : ''}` : `exact: ${total.events} events`;
  return `${new Date(endedAtMs).toISOString()}  ${what} (walked ${walked}${coverage === 'baseline' ? ' since the baseline' : ''}, ${lag} messages beyond the cut, ${tookMs} ms)`;
}
