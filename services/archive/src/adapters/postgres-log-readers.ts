import { type Kysely, sql } from 'kysely';
import { type LogReaders } from '../application/ports.js';

interface Reader {
  view: string;
  column: string;
  /** False: the view may be missing, and then nobody reads under that name. */
  required: boolean;
}

/** Where the projections of PRICED publish how far they are. One that has not begun still needs everything. */
const READERS: readonly Reader[] = [
  { view: 'aggregation.published_progress', column: 'priced_sequence', required: true },
  { view: 'quota.published_progress', column: 'sequence', required: true },
  { view: 'pricing.published_progress', column: 'priced_sequence', required: false },
];

/** The projections' published positions, and the backups that must stay restorable. */
export class PostgresLogReaders implements LogReaders {
  constructor(
    private readonly db: Kysely<unknown>,
    private readonly generation: number,
  ) {}

  async positions(partition: number): Promise<ReadonlyMap<string, number>> {
    const positions = new Map<string, number>();
    for (const { view, column, required } of READERS) {
      if (await this.exists(view)) positions.set(view, await this.position(view, column, partition));
      else if (required) positions.set(view, 0);
    }
    for (const [name, position] of await this.backups(partition)) positions.set(`backup ${name}`, position);
    return positions;
  }

  private async exists(view: string): Promise<boolean> {
    const { rows } = await sql<{ found: boolean }>`select to_regclass(${view}) is not null as found`.execute(this.db);
    return rows[0]!.found;
  }

  private async position(view: string, column: string, partition: number): Promise<number> {
    const { rows } = await sql<{ position: number | null }>`
      select min(${sql.ref(column)})::bigint as position from ${sql.table(view)}
      where generation = ${this.generation} and partition = ${partition}`.execute(this.db);
    return rows[0]!.position ?? 0;
  }

  private async backups(partition: number): Promise<[string, number][]> {
    const { rows } = await sql<{ name: string; position: number }>`
      select name, coalesce((positions ->> ${`${this.generation}/${partition}`})::bigint, 0) as position from archive.backups`.execute(this.db);
    return rows.map(({ name, position }) => [name, position]);
  }
}
