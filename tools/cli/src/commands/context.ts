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
}

/** The context of a process: its environment and its stdout. */
export function processContext(env: NodeJS.ProcessEnv = process.env): Context {
  const home = new Home(env);
  return {
    env,
    home,
    api: () => ApiClient.fromEnvironment(home, env),
    print: (text) => process.stdout.write(`${text}\n`),
    complain: (text) => process.stderr.write(`${text}\n`),
  };
}
