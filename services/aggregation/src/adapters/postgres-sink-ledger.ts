import { type Kysely, sql } from 'kysely';
import { type SinkLedger, type SourceSequences } from '../application/rebuild-rows.js';

/** The ledger of all sinks, as a rebuild sees it. */
export class PostgresSinkLedger implements SinkLedger {
  constructor(
    private readonly db: Kysely<unknown>,
    private readonly generation: number,
  ) {}

  async progress(): Promise<SourceSequences> {
    const { rows } = await sql<{ partition: number; source_sequence: number }>`
      select partition, source_sequence from aggregation.partition_progress where generation = ${this.generation}`.execute(this.db);
    return new Map(rows.map(({ partition, source_sequence }) => [partition, source_sequence]));
  }

  /** Sinks write both tables in this order before each insert and wait here; their leases, which are rows elsewhere, go on beating. */
  hold<T>(work: () => Promise<T>): Promise<T> {
    return this.db.transaction().execute(async (trx) => {
      await sql`lock table aggregation.partition_progress, aggregation.ranges_in_flight in exclusive mode`.execute(trx);
      return work();
    });
  }
}
