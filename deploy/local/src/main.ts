/** `npm start`: the whole stack on this machine, until a signal ends it. */
import { Listr } from 'listr2';
import { claimHome, releaseHome } from './home/home-lock.js';
import { openSecrets } from './home/secrets.js';
import { runningTable } from './report/running-table.js';
import { readSettings, type Settings } from './settings.js';
import { refuseTakenPorts } from './supervisor/check-ports.js';
import { reapLeftovers } from './supervisor/reap-leftovers.js';
import { Stack } from './supervisor/stack.js';
import { type Supervised } from './supervisor/supervised.js';

function say(line: string): void {
  process.stdout.write(`${new Date().toISOString().slice(11, 19)}  ${line}\n`);
}

function progress(stack: Stack): Listr {
  const each = (parts: readonly Supervised[]): Listr =>
    new Listr(
      parts.map((part) => ({ title: part.part.name, task: () => part.up() })),
      { concurrent: true },
    );
  return new Listr(
    [
      { title: 'Servers', task: () => each(stack.servers) },
      { title: 'Accounts', task: () => stack.accounts.up() },
      { title: 'Services', task: () => each(stack.services) },
      { title: 'Edge', task: () => stack.edge.up() },
    ],
    { rendererOptions: { collapseSubtasks: false }, fallbackRenderer: 'simple' },
  );
}

async function run(settings: Settings): Promise<void> {
  const { home } = settings;
  const secrets = openSecrets(home, settings.adminKey);
  const stack = new Stack(settings, secrets, say);
  let stopping: Promise<void> | undefined;
  const stop = (): Promise<void> => {
    stopping ??= stack.down().finally(() => releaseHome(home));
    return stopping;
  };
  // A Ctrl-C can arrive several times: from the terminal, and handed on by npm.
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.on(signal, () => {
      if (!stopping) say('stopping');
      void stop().then(() => {
        process.stdout.write('Stopped.\n');
        process.exit(0);
      });
    });
  }
  try {
    await progress(stack).run();
  } catch (error) {
    if (stopping) return;
    await stop();
    throw error;
  }
  if (!stopping) process.stdout.write(runningTable(settings, secrets));
}

/** Resolves when everything is up, and keeps running. A problem is told in a line and ends the process with 1. */
export async function start(): Promise<void> {
  // A closed terminal must not take the stack down by an unheard EPIPE; SIGHUP says what is wanted.
  process.stdout.on('error', () => undefined);
  process.stderr.on('error', () => undefined);
  try {
    const settings = readSettings(process.env);
    claimHome(settings.home);
    try {
      await reapLeftovers(settings.home);
      await refuseTakenPorts(settings);
    } catch (error) {
      releaseHome(settings.home);
      throw error;
    }
    await run(settings);
  } catch (error) {
    process.stderr.write(`\n${(error as Error).message}\n`);
    process.exit(1);
  }
}
