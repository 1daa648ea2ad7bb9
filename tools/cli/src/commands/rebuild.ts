import { Argument, type Command } from 'commander';
import { type Difference, type RebuildOutcome } from '@ledgerline/rebuild';
import { endService } from '../connection/end-service.js';
import { stackAddress } from '../connection/stack-address.js';
import { CliError, ExitCode } from '../exit.js';
import { jobEnvironment } from '../jobs/job-environment.js';
import { startJob } from '../jobs/start-job.js';
import { ask } from '../output/ask.js';
import { progressBar } from '../output/progress.js';
import { table } from '../output/table.js';
import { type Context } from './context.js';

/** What can be built anew, and whose it is. */
const PROJECTIONS = { clickhouse: 'aggregation', quota: 'quota', alerts: 'alerting', index: 'pricing' } as const;
type ProjectionName = keyof typeof PROJECTIONS;

const DIFFERENCES_SHOWN = 20;

const HELP = `
Builds the projection anew from the log beside the one in use, while events go on being counted, and compares
the two at one place of the log. If they agree, the new one takes the old one's place. If they do not, the
differences are shown and it asks; where nobody can be asked, nothing is changed unless --yes is given.
Nothing is priced again, and nothing is sent again.
The idempotency index lies on the hosts of the pricing service: run it there, with its environment.

Exit codes: 0 the new one is in place; 1 they differ, and the old one was kept; 2 the rebuild could not run.
Servers: the services' own variables; by default those of the local stack.`;

interface RebuildOptions {
  yes?: boolean;
  keepOld?: boolean;
}

/** `rebuild`: a projection built a second time from the log, in place of the first. */
export function addRebuildCommand(program: Command, context: Context): void {
  program
    .command('rebuild')
    .description('build a projection anew from the log, and switch to it if both agree')
    .addArgument(new Argument('<projection>', 'what to build').choices(Object.keys(PROJECTIONS)))
    .option('--yes', 'switch also if they differ: the log is right')
    .option('--keep-old', 'clickhouse: keep the old tables as *_before_rebuild even if they were right')
    .addHelpText('after', HELP)
    .action(async (name: ProjectionName, options: RebuildOptions) => {
      const outcome = await rebuild(context, name, options);
      if (outcome === 'kept') throw new CliError('Nothing was changed. With --yes the new one takes the place of the old one.', ExitCode.failed);
      context.print(outcome === 'agreed' ? `${name}: built anew, the same to the last digit, and in place.` : `${name}: built anew and in place of the old one, which was wrong.`);
      if (name === 'index' && outcome === 'repaired') context.print(takeUp(context));
    });
}

/** An index is in use inside a process: it takes up the new one when it opens the partition. */
const takeUp = ({ home }: Context): string =>
  endService(home.stack(), 'pricing') ? 'The pricing service starts again and takes it up.' : 'Start the pricing processes of this host again: they take it up then.';

async function rebuild(context: Context, name: ProjectionName, { yes = false, keepOld = false }: RebuildOptions): Promise<RebuildOutcome> {
  const address = stackAddress(context.home, context.env);
  const progress = progressBar('messages');
  let shownOf: number | undefined;
  const stop = (): void => {
    if (shownOf !== undefined) progress.stop();
    shownOf = undefined;
  };
  try {
    const result = await startJob({
      service: PROJECTIONS[name],
      job: 'rebuild',
      args: keepOld ? ['--keep-old'] : [],
      env: jobEnvironment(address, context.env, context.home),
      onProgress: (done, total) => {
        if (shownOf === undefined) progress.start(total);
        shownOf = total;
        progress.update(done, undefined, total);
      },
      accept: async (differences) => {
        stop();
        context.print(differencesText(differences));
        return yes || (await ask('The log says otherwise than what is in use. Switch to what the log says?')) === true;
      },
    });
    return result as RebuildOutcome;
  } finally {
    stop();
  }
}

function differencesText(differences: readonly Difference[]): string {
  const shown = differences.slice(0, DIFFERENCES_SHOWN).map(({ where, field, inUse, fromLog }) => [where, field, inUse, fromLog]);
  const more = differences.length > shown.length ? `\n… and ${differences.length - shown.length} more.` : '';
  return `DIFFERENT:\n${table(['where', 'number', 'in use', 'from the log'], shown)}${more}`;
}
