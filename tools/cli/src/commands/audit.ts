import { setTimeout as sleep } from 'node:timers/promises';
import { type Command, InvalidArgumentError } from 'commander';
import { openAuditSources } from '../audit/adapters/open-sources.js';
import { auditJson, auditText } from '../audit/audit-report.js';
import { describeDifference } from '../audit/difference.js';
import { type AuditReport, runAudit } from '../audit/run-audit.js';
import { stackAddress } from '../connection/stack-address.js';
import { CliError, ExitCode } from '../exit.js';
import { progressBar } from '../output/progress.js';
import { type Context } from './context.js';

const HELP = `
Takes the quota projection's checkpoints as the cut. Up to there, for every partition:
  USAGE decoded anew = priced + unpriced + duplicate + quarantined + late + parked;
  PRICED = rows in ClickHouse = quota sums = summaries: counts, exact sums, unique identities.

Exit codes: 0 exact; 1 a difference, named; 2 the audit could not run.
Servers: NATS_URL, DATABASE_URL, CLICKHOUSE_URL, GENERATION, PARTITIONS, USAGE_ID_KEY; by default those of the local stack.`;

/** `audit`: proves that nothing was lost, doubled or changed between the log and the projections. */
export function addAuditCommand(program: Command, context: Context): void {
  program
    .command('audit')
    .description('prove that log, rows, quota sums and summaries agree to the last digit')
    .option('--wait <seconds>', 'how long the rows may take to reach the cut', seconds, 30)
    .option('--json', 'print the report as JSON')
    .addHelpText('after', HELP)
    .action(async (options: { wait: number; json?: boolean }) => {
      const report = await audit(context, options.wait * 1000);
      context.print(options.json ? auditJson(report) : auditText(report));
      const [first] = report.differences;
      if (first) throw new CliError(describeDifference(first), ExitCode.failed);
    });
}

/** @throws CliError with exit code 2 when a server does not answer or a projection does not get to the cut */
async function audit(context: Context, waitMs: number): Promise<AuditReport> {
  const address = stackAddress(context.home, context.env);
  const progress = progressBar('messages');
  let started = false;
  try {
    const sources = await openAuditSources(address);
    try {
      return await runAudit(sources, {
        waitMs,
        nowMs: () => performance.now(),
        sleepMs: (ms) => sleep(ms),
        onProgress: (read, total) => {
          if (!started) progress.start(total);
          started = true;
          progress.update(read);
        },
      });
    } finally {
      await sources.close();
    }
  } catch (error) {
    throw new CliError(`The audit could not run: ${(error as Error).message}`, ExitCode.couldNotRun);
  } finally {
    if (started) progress.stop();
  }
}

function seconds(text: string): number {
  const value = Number(text);
  if (!(value >= 0) || !Number.isFinite(value)) throw new InvalidArgumentError('expected seconds.');
  return value;
}
