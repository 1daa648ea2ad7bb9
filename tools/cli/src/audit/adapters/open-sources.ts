import { jetstream } from '@nats-io/jetstream';
import { createClickHouse } from '@ledgerline/clickhouse';
import { pricedStream, usageStream } from '@ledgerline/contracts';
import { usageIdKey } from '@ledgerline/domain-metering';
import { connectNats } from '@ledgerline/messaging';
import { createPool } from '@ledgerline/postgres';
import { type AuditSources } from '../run-audit.js';
import { walkPartition } from '../walk-partition.js';
import { readStoredPartitions, readSummaries } from './clickhouse-usage-reader.js';
import { readStream } from './nats-stream-reader.js';
import { readRowsProgress, readQuotaSnapshot } from './postgres-quota-reader.js';

/** Where the servers are, and how the log is laid out. */
export interface StackAddress {
  readonly natsUrl: string;
  readonly databaseUrl: string;
  readonly clickhouseUrl: string;
  readonly generation: number;
  readonly partitions: number;
  /** 32 hex digits; with it, every counted event's usage_id is computed anew. */
  readonly usageIdKey?: string;
}

const NAME = 'ledgerline-audit';
const FIRST_CONNECT_MS = 5_000;
const QUERY_TIMEOUT_MS = 600_000;

/** Opens the three servers for reading. Close them with `close()`. */
export async function openAuditSources(address: StackAddress): Promise<AuditSources & { close(): Promise<void> }> {
  const nats = await connectNats(address.natsUrl, NAME, FIRST_CONNECT_MS);
  const pool = createPool(address.databaseUrl, { applicationName: NAME, max: 2 });
  const clickhouse = createClickHouse({ url: address.clickhouseUrl, applicationName: NAME, requestTimeoutMs: QUERY_TIMEOUT_MS });
  const js = jetstream(nats);
  const { generation, partitions } = address;
  const key = address.usageIdKey === undefined ? undefined : usageIdKey(address.usageIdKey);
  return {
    generation,
    partitions,
    quotaSnapshot: () => readQuotaSnapshot(pool, generation),
    rowsProgress: () => readRowsProgress(pool, generation),
    walk: ({ partition, cut, onProgress }) =>
      walkPartition({
        generation,
        partition,
        partitions,
        cut,
        key,
        onProgress,
        priced: cut === 0 ? readNothing() : readStream(js, pricedStream(generation, partition), cut),
        usage: cut === 0 ? readNothing() : readStream(js, usageStream(generation, partition)),
      }),
    storedPartitions: (sourceTo) => readStoredPartitions(clickhouse, { generation, sourceTo }),
    summaries: (sourceTo) => readSummaries(clickhouse, { generation, sourceTo }),
    close: async () => {
      await Promise.all([nats.close(), pool.end(), clickhouse.close()]);
    },
  };
}

async function* readNothing(): AsyncGenerator<never> {}
