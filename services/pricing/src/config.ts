import { usageIdKey } from '@ledgerline/domain-metering';
import { parseUsd } from '@ledgerline/kernel';
import { serviceConfig } from '@ledgerline/service-kit';
import { z } from 'zod';

const positive = (expected: string) => z.coerce.number(expected).int(expected).min(1, expected);
const KEY = 'expected 32 hexadecimal digits';
const PRICE = 'expected a price in USD, such as 0.001';

/** The pricing service's environment. */
export const pricingConfig = serviceConfig.extend({
  /** Number in the names of the streams; raised by a recovery only. */
  GENERATION: positive('expected a generation, 1 or more').default(1),
  /** Fixed for a generation. */
  PARTITIONS: positive('expected the number of partitions').max(1024).default(16),
  /** The deployment's key of usage_ids, the same as ingest's. */
  USAGE_ID_KEY: z.string(KEY).refine((hex) => accepted(() => usageIdKey(hex)), KEY),
  /** Where the rows of events are that the log no longer holds. */
  CLICKHOUSE_URL: z.url({ protocol: /^https?$/, error: 'expected http(s)://USER:PASSWORD@HOST:PORT/DATABASE' }),
  DATA_DIR: z.string().min(1).default('.ledgerline'),
  /** Where the idempotency index is kept, a folder for each INSTANCE_ID. Default: pricing-index in DATA_DIR. */
  PRICING_INDEX_DIR: z.string().min(1).optional(),
  /** What a Firecrawl credit costs; its plans differ. */
  FIRECRAWL_USD_PER_CREDIT: z
    .string()
    .refine((usd) => accepted(() => parseUsd(usd)) && parseUsd(usd) >= 0n, PRICE)
    .default('0.001'),
  LEASE_TTL_MS: positive('expected milliseconds').min(500).default(6_000),
  /** Limit of each stream this service may have to create. */
  STREAM_MAX_BYTES: positive('expected bytes').default(8 * 1024 ** 3),
  /** How long to wait for the broker's confirmation before asking what became of a message. */
  PUBLISH_TIMEOUT_MS: positive('expected milliseconds').default(3_000),
});

export type PricingConfig = z.infer<typeof pricingConfig>;

function accepted(parse: () => unknown): boolean {
  try {
    parse();
    return true;
  } catch {
    return false;
  }
}
