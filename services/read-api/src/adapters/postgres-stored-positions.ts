import { type Pool } from 'pg';
import { type StoredPosition, type StoredPositions } from '../application/ports.js';

const SELECT = `select partition, source_sequence, (extract(epoch from recorded_at) * 1000000)::bigint as recorded_at_us
from aggregation.published_progress where generation = $1`;

/** The view that aggregation publishes. */
export class PostgresStoredPositions implements StoredPositions {
  constructor(
    private readonly pool: Pool,
    private readonly generation: number,
  ) {}

  async read(): Promise<ReadonlyMap<number, StoredPosition>> {
    const { rows } = await this.pool.query<{ partition: number; source_sequence: number; recorded_at_us: number | null }>(SELECT, [this.generation]);
    return new Map(rows.map((row) => [row.partition, { sequence: row.source_sequence, recordedAtUs: row.recorded_at_us }]));
  }
}
