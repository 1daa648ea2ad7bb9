import { serviceConfig } from '@ledgerline/service-kit';
import { z } from 'zod';

const positive = (expected: string) => z.coerce.number(expected).int(expected).min(1, expected);

/** The alerting service's environment. */
export const alertingConfig = serviceConfig.extend({
  LEASE_TTL_MS: positive('expected milliseconds').min(500).default(6_000),
  /** Limit of the QUOTA stream, should this service be the one to create it. */
  STREAM_MAX_BYTES: positive('expected bytes').default(8 * 1024 ** 3),
});

export type AlertingConfig = z.infer<typeof alertingConfig>;
