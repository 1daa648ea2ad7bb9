import { type Command } from 'commander';
import { stackAddress } from '../connection/stack-address.js';
import { CliError, ExitCode } from '../exit.js';
import { ask } from '../output/ask.js';
import { progressBar } from '../output/progress.js';
import { table } from '../output/table.js';
import { recoveryText } from '../recover/recovery-report.js';
import { openRecovery } from '../recover/adapters/open-recovery.js';
import { runRecovery } from '../recover/run-recovery.js';
import { type PartitionSurvey } from '../recover/survey.js';
import { useGeneration } from '../recover/adapters/use-generation.js';
import { type Context } from './context.js';

const HELP = `
For a broker that lost messages which it had acknowledged: services stop, and /readyz says so. It closes the
generation for good and opens the next one:
  events that have rows in ClickHouse are entered anew, counted once, at the price they had;
  USAGE messages that are left without an outcome are carried over and priced;
  identities of which nothing is left are free again: sent again, they count;
  quota sums are built anew, and what was announced keeps its name: no alert is raised twice.
Then it says exactly what is gone, in a table and in a file. One that was cut short is simply run again.

Stop the services first; those of the local stack are started again by themselves.
Exit codes: 0 recovered, or nothing was lost; 1 not wanted; 2 it could not run, and can be run again.`;

/** `recover`: opens a new generation of the log behind a loss of acknowledged messages. */
export function addRecoverCommand(program: Command, context: Context): void {
  program
    .command('recover')
    .description('open a new generation of the log after the broker lost acknowledged messages')
    .option('--yes', 'do it without asking')
    .addHelpText('after', HELP)
    .action(async ({ yes = false }: { yes?: boolean }) => {
      const address = stackAddress(context.home, context.env);
      const progress = progressBar('events');
      let started = false;
      const recovery = await openRecovery(address, context);
      try {
        const content = await runRecovery(recovery, {
          confirm: async (surveys) => {
            context.print(surveyText(surveys));
            return yes || (await ask(`Close generation ${address.generation} and open generation ${address.generation + 1}?`)) === true;
          },
          onProgress: (done) => {
            if (!started) progress.start(done);
            started = true;
            progress.update(done, undefined, done);
          },
        });
        if (content === 'unwanted') throw new CliError('Nothing was changed. With --yes it is not asked.', ExitCode.failed);
        if (content === 'nothing lost') return context.print('Nothing is lost in USAGE and PRICED. QUOTA is read again and announced again; whoever knew it changes nothing.');
        context.print(`${recoveryText(content)}\nThe whole report: ${recovery.file.path}`);
        context.print(await useGeneration(context.home, address.generation + 1));
      } finally {
        if (started) progress.stop();
        await recovery.close();
      }
    });
}

const surveyText = (surveys: readonly PartitionSurvey[]): string =>
  table(
    ['partition', 'USAGE ends at', 'PRICED reaches', 'rows had seen', 'quota had seen'],
    surveys.map(({ partition, usageEnd, sourceEnd, rows, quota }) => [partition, usageEnd, sourceEnd, rows.source, quota.source]),
  );
