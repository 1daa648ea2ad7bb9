import { setTimeout as sleep } from 'node:timers/promises';
import { type Command } from 'commander';
import { openAuditSources } from '../audit/adapters/open-sources.js';
import { auditJson, auditText } from '../audit/audit-report.js';
import { describeDifference } from '../audit/difference.js';
import { type AuditReport, runAudit } from '../audit/run-audit.js';
import { type AuditSources } from '../audit/sources.js';
import { stackAddress } from '../connection/stack-address.js';
import { CliError, ExitCode } from '../exit.js';
import { progressBar } from '../output/progress.js';
import { type Context } from './context.js';
import { seconds, timeAgo } from './arguments.js';

const HELP = `
Takes the quota projection's checkpoints as the cut. Up to there, for every partition:
  USAGE decoded anew = priced + unpriced + duplicate + quarantined + late + parked,
  corrections = applied + refused + duplicate + quarantined + parked;
  PRICED = rows in ClickHouse = quota sums = summaries: counts, exact sums, hashes of rows, unique identities.

A run without a difference is sealed as the baseline (Postgres, schema "audit"); the next walks only what came after it.

Exit codes: 0 exact; 1 a difference, named; 2 the audit could not run.
Servers: NATS_URL, DATABASE_URL, CLICKHOUSE_URL, GENERATION, PARTITIONS, USAGE_ID_KEY; by default those of the local stack.`;

interface Options {
  wait: number;
  full?: boolean;
  since?: number;
  json?: boolean;
}

/** `audit`: proves that nothing was lost, doubled or changed between the log and the projections. */
export function addAuditCommand(program: Command, context: Context): void {
  program
    .command('audit')
    .description('prove that log, rows, quota sums and summaries agree to the last digit')
    .option('--full', 'walk the whole log instead of what came after the sealed baseline')
    .option('--since <time>', 'compare only the rows of what was published since: 24h, 30m, 7d, or 2026-11-01', timeAgo)
    .option('--wait <seconds>', 'how long the rows may take to reach the cut', seconds, 30)
    .option('--json', 'print the report as JSON')
    .addHelpText('after', HELP)
    .action(async (options: Options) => {
      const report = await withSources(context, (sources) => audit(sources, options));
      context.print(options.json ? auditJson(report) : auditText(report));
      const [first] = report.differences;
      if (first) throw new CliError(describeDifference(first), ExitCode.failed);
    });
}

/** @throws CliError with exit code 2 when a server does not answer or a projection does not get to the cut */
async function withSources<T>(context: Context, work: (sources: AuditSources) => Promise<T>): Promise<T> {
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
      nowMs: () => performance.now(),
      sleepMs: (ms) => sleep(ms),
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
