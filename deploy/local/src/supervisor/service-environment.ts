import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { type Secrets } from '../home/secrets.js';
import { type StackFile } from '../home/stack-file.js';
import { type ServerName, type ServiceName } from '../parts.js';

const GIB = 1024 ** 3;

export interface ServiceEnvironment {
  readonly home: string;
  readonly secrets: Pick<Secrets, 'usageIdKey' | 'adminKey'>;
  readonly file: Omit<StackFile, 'processes'>;
  /** Ports that stand in for the servers' own. */
  readonly links?: Partial<Record<ServerName, number>>;
}

/** What a service of the local stack finds in its environment, but for where it listens. */
export function serviceEnvironment(name: ServiceName, { home, secrets, file, links = {} }: ServiceEnvironment): Record<string, string> {
  return {
    // The same after a restart: leases go back to their owner at once, and pricing finds its index.
    INSTANCE_ID: 'local',
    DATA_DIR: join(home, 'data', name),
    NATS_URL: through(file.nats_url, links.nats),
    DATABASE_URL: through(file.database_url, links.postgres),
    CLICKHOUSE_URL: through(file.clickhouse_url, links.clickhouse),
    GENERATION: String(file.generation),
    PARTITIONS: String(file.partitions),
    USAGE_ID_KEY: secrets.usageIdKey,
    STREAM_MAX_BYTES: String(2 * GIB),
    ...(name === 'ingest' && { READ_API_URL: `http://127.0.0.1:${file.ports['read-api']}` }),
    ...(name === 'pricing' && { PRICING_INDEX_DIR: join(home, 'data/pricing-index') }),
    ...(name === 'aggregation' && { AGGREGATION_SHARDS: String(file.aggregation_shards) }),
    ...(name === 'archive' && { ARCHIVE_URL: process.env['ARCHIVE_URL'] || pathToFileURL(join(home, 'archive')).href }),
    ...(name === 'accounts' && { ADMIN_KEY: secrets.adminKey }),
  };
}

/** The same address on another port of this machine, if one is given. */
function through(address: string, port: number | undefined): string {
  return port === undefined ? address : address.replace(/:\d+(?=\/|$)/, `:${port}`);
}
