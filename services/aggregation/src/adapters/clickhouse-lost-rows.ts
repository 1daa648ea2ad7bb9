import { type ClickHouseClient, killQuery, selectRows } from '@ledgerline/clickhouse';
import { type LostRows } from '../application/forget-lost-rows.js';
import { type SourceSequences } from '../application/rebuild-rows.js';
import { IN_USE, queryIdOf, TABLES } from './usage-tables.js';

const LOST = TABLES.map((name) => IN_USE[name]);
const POSITION = 'source_generation, source_partition, source_sequence, source_index';

/** Lost rows in ClickHouse; their copies are in tables named *_before_recovery. */
export class ClickHouseLostRows implements LostRows {
  constructor(
    private readonly client: ClickHouseClient,
    private readonly database: string,
    private readonly generation: number,
    private readonly shards: number,
  ) {}

  async endInserts(): Promise<void> {
    for (let shard = 0; shard < this.shards; shard++) await killQuery(this.client, queryIdOf(IN_USE, this.database, shard));
  }

  async keepAside(upTo: SourceSequences): Promise<void> {
    for (const table of LOST) {
      const aside = `${table}_before_recovery`;
      await this.client.command({ query: `CREATE TABLE IF NOT EXISTS ${aside} AS ${table}` });
      await this.client.command({
        query: `INSERT INTO ${aside} SELECT * FROM ${table} WHERE ${this.behind(upTo)} AND (${POSITION}) NOT IN (SELECT ${POSITION} FROM ${aside})`,
      });
    }
  }

  async remove(upTo: SourceSequences): Promise<number> {
    const [row] = await selectRows<{ lost: string }>(this.client, `SELECT count() AS lost FROM ${IN_USE.events} WHERE ${this.behind(upTo)}`);
    for (const table of LOST) await this.client.command({ query: `ALTER TABLE ${table} DELETE WHERE ${this.behind(upTo)} SETTINGS mutations_sync = 2` });
    return Number(row!.lost);
  }

  private behind(upTo: SourceSequences): string {
    const spans = [...upTo].map(([partition, sequence]) => `(source_partition = ${partition} AND source_sequence > ${sequence})`);
    return `source_generation = ${this.generation} AND (${spans.join(' OR ')})`;
  }
}
