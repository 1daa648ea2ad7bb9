import { serviceConfig } from '@ledgerline/service-kit';
import { z } from 'zod';

const positive = (expected: string) => z.coerce.number(expected).int(expected).min(1, expected);
const ADMIN_KEY_RULE = 'expected 8 to 256 printable ASCII characters without spaces';

/** The accounts service's environment. */
export const accountsConfig = serviceConfig.extend({
  /** The first admin key, registered at every start unless it was revoked. Its text is never stored. */
  ADMIN_KEY: z.string().regex(/^[\x21-\x7e]{8,256}$/, ADMIN_KEY_RULE).optional(),
  /** Number in the names of the streams; raised by a recovery only. */
  GENERATION: positive('expected a generation, 1 or more').default(1),
  PARTITIONS: positive('expected the number of partitions').max(1024).default(16),
  LEASE_TTL_MS: positive('expected milliseconds').min(500).default(6_000),
  /** Limit of the QUOTA stream, should this service be the one to create it. */
  STREAM_MAX_BYTES: positive('expected bytes').default(8 * 1024 ** 3),
});

export type AccountsConfig = z.infer<typeof accountsConfig>;
