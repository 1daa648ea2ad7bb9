import { setTimeout as sleep } from 'node:timers/promises';
import { type Command } from 'commander';
import { openAuditSources, type OpenSources } from '../audit/adapters/open-sources.js';
import { auditJson, auditText } from '../audit/audit-report.js';
import { describeDifference } from '../audit/difference.js';
import { type AuditReport, runAudit } from '../audit/run-audit.js';
import { type AuditSources } from '../audit/sources.js';
import { untilRowsReach } from '../audit/until-rows-reach.js';
import { stackAddress } from '../connection/stack-address.js';
import { CliError, ExitCode } from '../exit.js';
import { checkLedger, type LedgerReport } from '../ledger/check-ledger.js';
import { readLedger } from '../ledger/ledger-file.js';
import { isBorneOut, ledgerJson, ledgerText } from '../ledger/ledger-report.js';
import { progressBar } from '../output/progress.js';
import { type Context } from './context.js';
import { durationMs, port, seconds, timeAgo } from './arguments.js';

const HELP = `
Takes the quota projection's checkpoints as the cut. Up to there, for every partition:
  USAGE decoded anew = priced + unpriced + duplicate + quarantined + late + parked,
  corrections = applied + refused + duplicate + quarantined + parked;
  PRICED = rows in ClickHouse = quota sums = summaries: counts, exact sums, hashes of rows, unique identities.

A ledger has a JSON object on each line: usage_id, or customer_id, source and id; optionally cost_usd, usage and status.

A run without a difference is sealed as the baseline (Postgres, schema "audit"); the next walks only what came after it.

Exit codes: 0 exact; 1 a difference, named; 2 the audit could not run.
Servers: NATS_URL, DATABASE_URL, CLICKHOUSE_URL, GENERATION, PARTITIONS, USAGE_ID_KEY; by default those of the local stack.`;

interface Options {
  wait: number;
  full?: boolean;
  since?: number;
  ledger?: string;
  every?: number;
  metricsPort?: number;
  metricsHost: string;
  json?: boolean;
}

/** `audit`: proves that nothing was lost, doubled or changed between the log and the projections. */
export function addAuditCommand(program: Command, context: Context): void {
  program
    .command('audit')
    .description('prove that log, rows, quota sums and summaries agree to the last digit')
    .option('--full', 'walk the whole log instead of what came after the sealed baseline')
    .option('--since <time>', 'compare only the rows of what was published since: 24h, 30m, 7d, or 2026-11-01', timeAgo)
    .option('--ledger <file>', "check a producer's own list as well: every event that it was told is recorded must be there once")
    .option('--every <duration>', 'audit again and again, e.g. 60s, until Ctrl-C', durationMs)
    .option('--metrics-port <port>', 'with --every: serve the last result as Prometheus metrics', port)
    .option('--metrics-host <address>', 'where the metrics are served', '127.0.0.1')
    .option('--wait <seconds>', 'how long the rows may take to reach the cut', seconds, 30)
    .option('--json', 'print the report as JSON')
    .addHelpText('after', HELP)
    .action(async (options: Options) => {
      if (options.every !== undefined) return watch(context, options, options.every);
      if (options.metricsPort !== undefined) throw new CliError('--metrics-port needs --every.', ExitCode.couldNotRun);
      const { report, ledger } = await withSources(context, async (sources) => ({
        report: await audit(sources, options),
        ledger: options.ledger === undefined ? undefined : await checkedLedger(sources, options.ledger, options.wait),
      }));
      context.print(options.json ? JSON.stringify({ ...auditJson(report), ...(ledger ? { ledger: ledgerJson(ledger) } : {}) }) : [auditText(report), ...(ledger ? [ledgerText(ledger)] : [])].join('\n'));
      const [first] = report.differences;
      if (first) throw new CliError(describeDifference(first), ExitCode.failed);
      if (ledger && !isBorneOut(ledger)) throw new CliError('The ledger is not borne out.', ExitCode.failed);
    });
}

/** Ends with what the last run ended with. The servers may go and come back: a run that could not take place is counted, and the next is tried. */
async function watch(context: Context, options: Options, everyMs: number): Promise<void> {
  const { watchOnTerminal } = await import('../audit/watch/watch-on-terminal.js');
  const last = await withSources(context, (sources) =>
    watchOnTerminal({ everyMs, metricsPort: options.metricsPort, metricsHost: options.metricsHost, json: options.json ?? false, audit: () => audit(sources, options) }, context),
  );
  const [first] = last?.report.differences ?? [];
  if (first) throw new CliError(describeDifference(first), ExitCode.failed);
  if (!last) throw new CliError('No audit could run.', ExitCode.couldNotRun);
}

/** Everything acknowledged before this moment is among the rows when the ledger is checked. */
async function checkedLedger(sources: OpenSources, file: string, waitS: number): Promise<LedgerReport> {
  await untilRowsReach(await sources.usageLast(), sources, { ...clock, waitMs: waitS * 1000 });
  return checkLedger(readLedger(file, sources.identify), sources.eventsById);
}

const clock = { nowMs: () => performance.now(), sleepMs: (ms: number) => sleep(ms) };

/** @throws CliError with exit code 2 when a server does not answer or a projection does not get to the cut */
async function withSources<T>(context: Context, work: (sources: OpenSources) => Promise<T>): Promise<T> {
  const address = stackAddress(context.home, context.env);
  try {
    const sources = await openAuditSources(address);
    try {
      return await work(sources);
    } finally {
      await sources.close();
    }
  } catch (error) {
    throw new CliError(`The audit could not run: ${(error as Error).message}`, ExitCode.couldNotRun);
  }
}

async function audit(sources: AuditSources, { wait, full, since }: Options): Promise<AuditReport> {
  const progress = progressBar('messages');
  let started = false;
  try {
    return await runAudit(sources, {
      waitMs: wait * 1000,
      full,
      sinceUs: since,
      ...clock,
      onProgress: (read, total) => {
        if (!started) progress.start(total);
        started = true;
        progress.update(read);
      },
    });
  } finally {
    if (started) progress.stop();
  }
}
