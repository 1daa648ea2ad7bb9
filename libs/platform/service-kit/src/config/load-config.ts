import { type z } from 'zod';
import { ConfigError, type ConfigProblem } from './config-error.js';

/**
 * Reads a service's configuration from its environment. An empty variable counts as missing, as compose files write unset ones so.
 *
 * @throws ConfigError naming every bad variable at once; no value is ever part of it, as it may be a secret.
 */
export function loadConfig<S extends z.ZodObject>(schema: S, env: NodeJS.ProcessEnv): z.infer<S> {
  const known = Object.keys(schema.shape).filter((name) => env[name] !== undefined && env[name] !== '');
  const parsed = schema.safeParse(Object.fromEntries(known.map((name) => [name, env[name]])));
  if (parsed.success) return parsed.data;
  throw new ConfigError(parsed.error.issues.map((issue) => toProblem(issue, env)));
}

function toProblem(issue: z.core.$ZodIssue, env: NodeJS.ProcessEnv): ConfigProblem {
  const variable = String(issue.path[0] ?? 'configuration');
  const expected = issue.message.replace(/^Invalid input: /, '').replace(/, received .*$/, '');
  return env[variable] === undefined || env[variable] === ''
    ? { variable, problem: `is missing: ${expected}` }
    : { variable, problem: `is not valid: ${expected}` };
}
