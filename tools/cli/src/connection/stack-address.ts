import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { CliError, ExitCode } from '../exit.js';
import { type StackAddress } from '../audit/adapters/open-sources.js';
import { type Home } from './home.js';

/** Where the log is, and how it is laid out. */
export type LogAddress = Pick<StackAddress, 'natsUrl' | 'generation' | 'partitions'>;

/** Where the servers are: from the services' own variables, else from what the local stack wrote down. @throws CliError */
export function stackAddress(home: Home, env: NodeJS.ProcessEnv): StackAddress & { readonly aggregationShards?: number } {
  const stack = home.stack();
  return {
    ...logAddress(home, env),
    databaseUrl: need('DATABASE_URL', stack?.database_url, home, env),
    clickhouseUrl: need('CLICKHOUSE_URL', stack?.clickhouse_url, home, env),
    archiveUrl: env.ARCHIVE_URL ?? (stack ? pathToFileURL(join(home.path, 'archive')).href : undefined),
    archiveEnvironment: env,
    aggregationShards: env.AGGREGATION_SHARDS === undefined ? stack?.aggregation_shards : count('AGGREGATION_SHARDS', undefined, home, env),
    usageIdKey: env.USAGE_ID_KEY ?? (stack?.usage_id_key_file ? home.read(stack.usage_id_key_file) : undefined),
  };
}

/** The part of it that a reader of the log needs. @throws CliError */
export function logAddress(home: Home, env: NodeJS.ProcessEnv): LogAddress {
  const stack = home.stack();
  return {
    natsUrl: need('NATS_URL', stack?.nats_url, home, env),
    generation: count('GENERATION', stack?.generation, home, env),
    partitions: count('PARTITIONS', stack?.partitions, home, env),
  };
}

function count(name: string, kept: number | undefined, home: Home, env: NodeJS.ProcessEnv): number {
  const value = Number(need(name, kept, home, env));
  if (!Number.isInteger(value) || value < 1) throw new CliError(`${name} is "${env[name]}": expected a whole number above 0.`, ExitCode.couldNotRun);
  return value;
}

function need(name: string, kept: string | number | undefined, home: Home, env: NodeJS.ProcessEnv): string {
  const value = env[name] ?? kept;
  if (value === undefined) throw new CliError(`${name} is not set, and no local stack has run in ${home.path}.`, ExitCode.couldNotRun);
  return String(value);
}
