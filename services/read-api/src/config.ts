import { serviceConfig } from '@ledgerline/service-kit';
import { z } from 'zod';

const count = (fallback: number, most: number) => z.coerce.number('expected a whole number').int().min(1).max(most).default(fallback);

export const readApiConfig = serviceConfig.extend({
  CLICKHOUSE_URL: z.url({ protocol: /^https?$/, error: 'expected http(s)://USER:PASSWORD@HOST:PORT/DATABASE' }),
  GENERATION: count(1, 65_535),
  PARTITIONS: count(16, 1_024),
  /** How long a read waits for events that are acknowledged but not yet visible. */
  READ_WAIT_MS: z.coerce.number('expected milliseconds').int().min(0).max(30_000).default(5_000),
});

export type ReadApiConfig = z.infer<typeof readApiConfig>;
