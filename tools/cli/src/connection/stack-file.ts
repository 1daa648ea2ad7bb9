import { z } from 'zod';

/** `stack.json` in the home: what the supervisor writes down about the stack it runs. */
export const stackFileSchema = z.object({
  generation: z.number().int().positive(),
  partitions: z.number().int().positive(),
  aggregation_shards: z.number().int().positive().optional(),
  nats_url: z.string(),
  database_url: z.string(),
  clickhouse_url: z.string(),
  /** A file with the 32 hex digits that identities are hashed with; relative to the home. */
  usage_id_key_file: z.string().optional(),
  ports: z.record(z.string(), z.number()).optional(),
  /** Process ids by name. */
  processes: z.record(z.string(), z.number()).optional(),
});

export type StackFile = z.infer<typeof stackFileSchema>;
