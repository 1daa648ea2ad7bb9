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
  /** Share of its time that the service counts; the rest it lets the next batch grow, at most for COMMIT_MAX_PAUSE_MS. */
  COMMIT_SHARE_PERCENT: positive('expected a percentage from 1 to 100').max(100).default(20),
  COMMIT_MAX_PAUSE_MS: z.coerce.number('expected milliseconds').int().min(0).max(5_000).default(300),
  /** Quarantined and late events recorded in one hour from which on an alert is raised, once for that hour. */
  QUARANTINE_ALERT_EVENTS: positive('expected a number of events').default(100),
});

export type QuotaConfig = z.infer<typeof quotaConfig>;
