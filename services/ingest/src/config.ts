import { serviceConfig } from '@ledgerline/service-kit';
import { z } from 'zod';

export const ingestConfig = serviceConfig.extend({
  GENERATION: z.coerce.number('expected a whole number from 1').int().min(1).default(1),
  /** Partitions of the generation; fixed when its streams are made. */
  PARTITIONS: z.coerce.number('expected a whole number from 1 to 256').int().min(1).max(256).default(16),
  /** Keys the hash that usage_ids are made with; the same in every service, for ever. */
  USAGE_ID_KEY: z.string('expected 32 hexadecimal digits').regex(/^[0-9a-f]{32}$/i, 'expected 32 hexadecimal digits'),
  /** The read API: asked what is on record before a correction is taken. */
  READ_API_URL: z.url('expected a URL such as http://127.0.0.1:8086').default('http://127.0.0.1:8086'),
  /** What a Firecrawl credit costs, for estimates; the same as pricing's. */
  FIRECRAWL_USD_PER_CREDIT: z.string().regex(/^\d+(\.\d{1,12})?$/, 'expected a price in USD, such as 0.001').default('0.001'),
  /** What becomes of an event of a customer nobody has created. */
  UNKNOWN_CUSTOMERS: z.enum(['create', 'reject']).default('create'),
  /** Bytes that each stream may hold before it refuses more. */
  STREAM_MAX_BYTES: z.coerce.number('expected bytes').int().min(1_048_576).default(8 * 1024 ** 3),
  /** Events that share one envelope at most. */
  ENVELOPE_MAX_EVENTS: z.coerce.number('expected a whole number from 1 to 4096').int().min(1).max(4_096).default(256),
  /** Bytes at which an envelope is sent without waiting for more; a larger one still fits a message. */
  ENVELOPE_FLUSH_BYTES: z.coerce.number('expected bytes from 1024 to 100000').int().min(1_024).max(100_000).default(65_536),
  /** In a crowd, how long after the last envelopes the next ones are sent; a lone event is sent at once. */
  SEND_INTERVAL_MS: z.coerce.number('expected milliseconds').min(0).max(100).default(2),
  /** How long the broker's acknowledgement is waited for. */
  PUBLISH_TIMEOUT_MS: z.coerce.number('expected milliseconds').int().min(100).max(60_000).default(5_000),
});

export type IngestConfig = ReturnType<typeof ingestConfig.parse>;
