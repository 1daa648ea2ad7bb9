/** One environment variable and what was expected of it. */
export interface ConfigProblem {
  variable: string;
  problem: string;
}

/** The environment does not describe a service that can start. The message is for an operator, one line a variable. */
export class ConfigError extends Error {
  constructor(readonly problems: readonly ConfigProblem[]) {
    super(['The configuration is not valid:', ...problems.map(({ variable, problem }) => `  ${variable} ${problem}`)].join('\n'));
    this.name = 'ConfigError';
  }
}
