import { type Command } from 'commander';
import { doctorJson, doctorText } from '../doctor/doctor-report.js';
import { examineStack } from '../doctor/examine-stack.js';
import { knownAddresses } from '../doctor/known-addresses.js';
import { CliError, ExitCode } from '../exit.js';
import { type Context } from './context.js';

const HELP = `
Looks at the local stack; with LEDGERLINE_URL at that one, and at its servers where NATS_URL, NATS_MONITORING_URL, DATABASE_URL,
CLICKHOUSE_URL, GENERATION and PARTITIONS are set. Changes nothing.

Exit codes: 0 nothing is wrong; 1 something is, and what to do stands below the table.`;

/** `doctor`: what is wrong with a stack, and what to do. */
export function addDoctorCommand(program: Command, context: Context): void {
  program
    .command('doctor')
    .description('check every server and service, and say what to do about what is wrong')
    .option('--json', 'print the findings as JSON')
    .addHelpText('after', HELP)
    .action(async (options: { json?: boolean }) => {
      const findings = await examineStack(knownAddresses(context.home, context.env));
      context.print(options.json ? doctorJson(findings) : doctorText(findings));
      const wrong = findings.filter(({ status }) => status === 'fail');
      if (wrong.length > 0) throw new CliError(`${wrong.length} wrong: ${wrong.map(({ area, check }) => `${area} ${check}`).join(', ')}.`, ExitCode.failed);
    });
}
