import { type Pool } from 'pg';
import { type RetentionHorizon } from '../application/ports.js';

const SELECT = 'select (extract(epoch from kept_from) * 1000000)::bigint as kept_from_us from aggregation.published_retention';

/** The view that aggregation publishes. */
export class PostgresRetentionHorizon implements RetentionHorizon {
  constructor(private readonly pool: Pool) {}

  async keptFromUs(): Promise<number | null> {
    const { rows } = await this.pool.query<{ kept_from_us: number }>(SELECT);
    return rows[0]?.kept_from_us ?? null;
  }
}
