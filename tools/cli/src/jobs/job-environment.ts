import { type StackAddress } from '../audit/adapters/open-sources.js';

/** The environment in which a service's job runs: this process's own, completed by what is known of the stack. */
export const jobEnvironment = (address: StackAddress & { readonly aggregationShards?: number }, env: NodeJS.ProcessEnv): NodeJS.ProcessEnv => ({
  ...env,
  NATS_URL: address.natsUrl,
  DATABASE_URL: address.databaseUrl,
  CLICKHOUSE_URL: address.clickhouseUrl,
  GENERATION: String(address.generation),
  PARTITIONS: String(address.partitions),
  ...(address.usageIdKey === undefined ? {} : { USAGE_ID_KEY: address.usageIdKey }),
  ...(address.aggregationShards === undefined ? {} : { AGGREGATION_SHARDS: String(address.aggregationShards) }),
});
