import { type Kysely, sql } from 'kysely';
import { type ShardRecord } from '../application/fix-shards.js';

/** The number of sinks, in the one row of `sink_shards`. */
export class PostgresShardRecord implements ShardRecord {
  constructor(private readonly db: Kysely<unknown>) {}

  async recordOnce(shards: number): Promise<number> {
    await sql`insert into aggregation.sink_shards (shards) values (${shards}) on conflict do nothing`.execute(this.db);
    const { rows } = await sql<{ shards: number }>`select shards from aggregation.sink_shards`.execute(this.db);
    return rows[0]!.shards;
  }
}
