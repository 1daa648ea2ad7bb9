import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { type StackAddress } from '../audit/adapters/open-sources.js';
import { type Home } from '../connection/home.js';

/** The environment in which a service's job runs: this process's own, completed by what is known of the stack. */
export const jobEnvironment = (address: StackAddress & { readonly aggregationShards?: number }, env: NodeJS.ProcessEnv, home: Home): NodeJS.ProcessEnv => ({
  // Where the local stack has its archive and its index, unless others are named.
  ...(home.stack() === undefined ? {} : { ARCHIVE_URL: pathToFileURL(join(home.path, 'archive')).href, INSTANCE_ID: 'local', PRICING_INDEX_DIR: join(home.path, 'data/pricing-index') }),
  ...env,
  NATS_URL: address.natsUrl,
  DATABASE_URL: address.databaseUrl,
  CLICKHOUSE_URL: address.clickhouseUrl,
  GENERATION: String(address.generation),
  PARTITIONS: String(address.partitions),
  ...(address.usageIdKey === undefined ? {} : { USAGE_ID_KEY: address.usageIdKey }),
  ...(address.aggregationShards === undefined ? {} : { AGGREGATION_SHARDS: String(address.aggregationShards) }),
});
