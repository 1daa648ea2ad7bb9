import { serviceConfig } from '@ledgerline/service-kit';
import { z } from 'zod';

const count = (fallback: number, most: number) => z.coerce.number('expected a whole number').int().min(1).max(most).default(fallback);

export const aggregationConfig = serviceConfig.extend({
  CLICKHOUSE_URL: z.url({ protocol: /^https?$/, error: 'expected http(s)://USER:PASSWORD@HOST:PORT/DATABASE' }),
  GENERATION: count(1, 65_535),
  PARTITIONS: count(16, 1_024),
  /** Sinks side by side; fixed for the life of a deployment. */
  AGGREGATION_SHARDS: count(2, 64),
  LEASE_TTL_MS: z.coerce.number('expected milliseconds').int().min(300).max(60_000).default(6_000),
  /** How long events stay as rows; then their recorded month is sealed into summaries and dropped. */
  RETENTION_DAYS: z.coerce.number('expected days').int().min(1).max(36_500).default(90),
  /** How long the rows of a sealed month stay, for reads that began before; longer than any read of summaries takes to open its table. */
  SEALED_GRACE_MS: z.coerce.number('expected milliseconds').int().min(0).default(60_000),
  /** How often it is looked for a month to seal or drop. */
  RETENTION_EVERY_MS: z.coerce.number('expected milliseconds').int().min(100).default(60_000),
  /** Largest size of one stream. */
  STREAM_MAX_BYTES: z.coerce.number('expected bytes').int().min(1_048_576).default(8 * 1024 ** 3),
});

export type AggregationConfig = z.infer<typeof aggregationConfig>;
