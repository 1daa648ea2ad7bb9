import { Command } from 'commander';
import { addAdminLogCommand } from './commands/admin-log.js';
import { addAlertsCommand } from './commands/alerts.js';
import { addAuditCommand } from './commands/audit.js';
import { addCorrectionsCommand } from './commands/corrections.js';
import { addCreditsCommand } from './commands/credits.js';
import { addEventsCommand } from './commands/events.js';
import { addDoctorCommand } from './commands/doctor.js';
import { addImportCommand } from './commands/import.js';
import { addKeysCommand } from './commands/keys.js';
import { addProjectsCommand } from './commands/projects.js';
import { addQuarantineCommand } from './commands/quarantine.js';
import { addQuotasCommand } from './commands/quotas.js';
import { addRebuildCommand } from './commands/rebuild.js';
import { addRecoverCommand } from './commands/recover.js';
import { addTailCommand } from './commands/tail.js';
import { addUsersCommand } from './commands/users.js';
import { type Context, processContext } from './commands/context.js';
import { CliError, ExitCode } from './exit.js';

const ENVIRONMENT = `
Environment:
  LEDGERLINE_URL        the API's address (default: the local stack's edge, http://127.0.0.1:8080)
  LEDGERLINE_PORT       the local edge's port, when LEDGERLINE_URL is not set
  LEDGERLINE_ADMIN_KEY  an admin key (default: the one the local stack keeps in its home)
  LEDGERLINE_HOME       the local stack's home (default: .ledgerline)`;

/** Every command of the command line; nothing is read from outside before one runs. */
export function buildProgram(context: Context): Command {
  const program = new Command('ledgerline')
    .description('Works with a Ledgerline stack: keys, users, projects, quotas, alerts, events and their corrections, imports, the audit, the log of administrative changes, a doctor, a live view, rebuilds, recovery.')
    .addHelpText('after', ENVIRONMENT)
    .showHelpAfterError('(add --help for what can be given)');
  addKeysCommand(program, context);
  addProjectsCommand(program, context);
  addQuotasCommand(program, context);
  addAlertsCommand(program, context);
  addEventsCommand(program, context);
  addCorrectionsCommand(program, context);
  addCreditsCommand(program, context);
  addQuarantineCommand(program, context);
  addImportCommand(program, context);
  addAuditCommand(program, context);
  addDoctorCommand(program, context);
  addRebuildCommand(program, context);
  addRecoverCommand(program, context);
  addTailCommand(program, context);
  addUsersCommand(program, context);
  addAdminLogCommand(program, context);
  return program;
}

/** Runs one command line and gives back its exit code. @param args without node and script */
export async function run(args: readonly string[], context: Context = processContext()): Promise<number> {
  const program = buildProgram(context);
  prepare(program, context);
  try {
    await program.parseAsync([...args], { from: 'user' });
    return ExitCode.ok;
  } catch (error) {
    if (error instanceof CliError) {
      context.complain(error.message);
      return error.exitCode;
    }
    if (isCommanderError(error)) return error.exitCode === 0 ? ExitCode.ok : ExitCode.couldNotRun;
    throw error;
  }
}

/** Commander ends the process by itself, and writes where it likes, unless every command is told not to. */
function prepare(command: Command, context: Context): void {
  const line = (say: (text: string) => void) => (text: string): void => say(text.replace(/\n$/, ''));
  command.exitOverride().configureOutput({ writeOut: line(context.print), writeErr: line(context.complain) });
  for (const child of command.commands) prepare(child, context);
}

const isCommanderError = (error: unknown): error is { exitCode: number; code: string } =>
  typeof error === 'object' && error !== null && String((error as { code?: unknown }).code).startsWith('commander.');
