import { serviceConfig } from '@ledgerline/service-kit';
import { z } from 'zod';

const positive = (expected: string) => z.coerce.number(expected).int(expected).min(1, expected);

/** The quota service's environment. */
export const quotaConfig = serviceConfig.extend({
  /** Number in the names of the streams; raised by a recovery only. */
  GENERATION: positive('expected a generation, 1 or more').default(1),
  /** Fixed for a generation. */
  PARTITIONS: positive('expected the number of partitions').max(1024).default(16),
  LEASE_TTL_MS: positive('expected milliseconds').min(500).default(6_000),
  /** Limit of each stream this service may have to create. */
  STREAM_MAX_BYTES: positive('expected bytes').default(8 * 1024 ** 3),
  /** Most PRICED messages, and bytes of them, counted in one transaction. */
  BATCH_MAX_MESSAGES: positive('expected a number of messages').default(512),
  BATCH_MAX_BYTES: positive('expected bytes').default(12 * 1024 ** 2),
  /** A started batch waits this long for more; 0 takes what is there. */
  BATCH_MAX_WAIT_MS: z.coerce.number('expected milliseconds').int().min(0).max(1_000).default(0),
  /** Large batches begin at least this far apart. */
  COMMIT_INTERVAL_MS: z.coerce.number('expected milliseconds').int().min(0).max(5_000).default(450),
  /** Events from which on a batch is large. */
  COMMIT_LARGE_EVENTS: positive('expected a number of events').default(2_000),
});

export type QuotaConfig = z.infer<typeof quotaConfig>;
