import { CliError, ExitCode } from '../exit.js';
import { type StackAddress } from '../audit/adapters/open-sources.js';
import { type Home } from './home.js';

/** Where the servers are: from the services' own variables, else from what the local stack wrote down. @throws CliError */
export function stackAddress(home: Home, env: NodeJS.ProcessEnv): StackAddress & { readonly aggregationShards?: number } {
  const stack = home.stack();
  const need = (name: string, kept: string | number | undefined): string => {
    const value = env[name] ?? kept;
    if (value === undefined) throw new CliError(`${name} is not set, and no local stack has run in ${home.path}.`, ExitCode.couldNotRun);
    return String(value);
  };
  const count = (name: string, kept: number | undefined): number => {
    const value = Number(need(name, kept));
    if (!Number.isInteger(value) || value < 1) throw new CliError(`${name} is "${env[name]}": expected a whole number above 0.`, ExitCode.couldNotRun);
    return value;
  };
  return {
    natsUrl: need('NATS_URL', stack?.nats_url),
    databaseUrl: need('DATABASE_URL', stack?.database_url),
    clickhouseUrl: need('CLICKHOUSE_URL', stack?.clickhouse_url),
    generation: count('GENERATION', stack?.generation),
    partitions: count('PARTITIONS', stack?.partitions),
    aggregationShards: env.AGGREGATION_SHARDS === undefined ? stack?.aggregation_shards : count('AGGREGATION_SHARDS', undefined),
    usageIdKey: env.USAGE_ID_KEY ?? (stack?.usage_id_key_file ? home.read(stack.usage_id_key_file) : undefined),
  };
}
