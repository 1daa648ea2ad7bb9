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
  /** What runs until it is stopped is told of Ctrl-C and SIGTERM instead of being ended by them. */
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
    onInterrupt: (stop) => INTERRUPTS.forEach((signal) => process.on(signal, stop)),
    offInterrupt: (stop) => INTERRUPTS.forEach((signal) => process.off(signal, stop)),
  };
}
