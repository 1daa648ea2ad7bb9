import { once } from 'node:events';
import { ApiClient } from '../connection/api-client.js';
import { Home } from '../connection/home.js';

/** What commands reach the outside through. */
export interface Context {
  readonly env: NodeJS.ProcessEnv;
  readonly home: Home;
  /** Made when first asked for: `--help` needs neither a key nor a stack. */
  api(): ApiClient;
  /** One line on stdout. */
  print(text: string): void;
  /** One line on stderr. */
  complain(text: string): void;
  /** Whether lines may be coloured: stdout is a terminal, and nobody said no. */
  readonly colours: boolean;
  /** Resolves when what was printed has been taken; when nobody takes it any more, or the signal aborts, it resolves too. */
  printed(signal: AbortSignal): Promise<void>;
  /** What runs until it is stopped is told of Ctrl-C, SIGTERM and a closed stdout instead of being ended by them. */
  onInterrupt(stop: () => void): void;
  offInterrupt(stop: () => void): void;
}

const INTERRUPTS = ['SIGINT', 'SIGTERM'] as const;

/** The context of a process: its environment and its stdout. */
export function processContext(env: NodeJS.ProcessEnv = process.env): Context {
  const home = new Home(env);
  return {
    env,
    home,
    api: () => ApiClient.fromEnvironment(home, env),
    print: (text) => process.stdout.write(`${text}\n`),
    complain: (text) => process.stderr.write(`${text}\n`),
    colours: process.stdout.isTTY === true && !env.NO_COLOR,
    printed: async (signal) => {
      if (process.stdout.writableNeedDrain) await once(process.stdout, 'drain', { signal }).catch(() => undefined);
    },
    onInterrupt: (stop) => {
      for (const signal of INTERRUPTS) process.on(signal, stop);
      // The reader of a pipe has gone (`| head`).
      process.stdout.on('error', stop);
    },
    offInterrupt: (stop) => {
      for (const signal of INTERRUPTS) process.off(signal, stop);
      process.stdout.off('error', stop);
    },
  };
}
