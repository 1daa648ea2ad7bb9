import { setTimeout as delay } from 'node:timers/promises';
import { type ClickHouseClient, killQuery, selectRows, toClickHouseFault } from '@ledgerline/clickhouse';
import { type Difference } from '@ledgerline/rebuild';
import { type BesideTables, type RowsCompared } from '../application/rebuild-rows.js';
import { differencesSql, NUMBERS, type DifferenceRow, itemDifferencesSql } from './beside-sql.js';
import { BEFORE, BESIDE, IN_USE, queryIdOf, TABLES } from './usage-tables.js';

/** A sink's insert takes a second at most, and none begins while they are held. */
const FENCE_TRIES = 600;
const FENCE_PAUSE_MS = 50;
/** How long a shard's query id is kept from its sink at most, seconds. */
const FENCE_S = 20;

/** The rebuilt tables in ClickHouse. Needs a database of the engine Atomic, which is the default: only that exchanges tables. */
export class ClickHouseBesideTables implements BesideTables {
  /** @param database where the client works */
  constructor(
    private readonly client: ClickHouseClient,
    private readonly database: string,
    private readonly generation: number,
    private readonly shards: number,
  ) {}

  async create(): Promise<void> {
    await this.drop();
    for (const table of TABLES) await this.run(`CREATE TABLE ${BESIDE[table]} AS ${IN_USE[table]}`);
  }

  async drop(): Promise<void> {
    for (const table of TABLES) await this.run(`DROP TABLE IF EXISTS ${BESIDE[table]} SYNC`);
  }

  async differences(compared: RowsCompared): Promise<Difference[]> {
    const rows = await selectRows<DifferenceRow>(this.client, differencesSql(this.generation, compared));
    const items = await selectRows<DifferenceRow>(this.client, itemDifferencesSql('quarantined', this.generation, compared));
    const corrections = await selectRows<DifferenceRow>(this.client, itemDifferencesSql('corrections', this.generation, compared));
    return [...rows.flatMap((row) => describe(row, NUMBERS)), ...items.flatMap((row) => describe(row, ['quarantined items'])), ...corrections.flatMap((row) => describe(row, ['corrections']))];
  }

  async exchange(keep: boolean): Promise<void> {
    await this.fenced(this.shards - 1, async (queryId) => {
      await this.takeOverSealed();
      for (const table of TABLES) await this.run(`EXCHANGE TABLES ${IN_USE[table]} AND ${BESIDE[table]}`, queryId);
    });
    await this.dropAsRetentionDid();
    if (!keep) return this.drop();
    for (const table of TABLES) {
      await this.run(`DROP TABLE IF EXISTS ${BEFORE[table]} SYNC`);
      await this.run(`RENAME TABLE ${BESIDE[table]} TO ${BEFORE[table]}`);
    }
  }

  /** Sealed months are no longer made of rows: those whose rows are still there keep them as they are. */
  private async takeOverSealed(): Promise<void> {
    for (const month of await this.sealedMonths()) {
      await this.run(`ALTER TABLE ${BESIDE.events} DROP PARTITION ${month}`);
      await this.run(`ALTER TABLE ${BESIDE.events} ATTACH PARTITION ${month} FROM ${IN_USE.events}`);
    }
  }

  /** Retention may have dropped a sealed month from what is now the old table after its rows were taken over. */
  private async dropAsRetentionDid(): Promise<void> {
    const parts = `SELECT DISTINCT partition FROM system.parts WHERE database = currentDatabase() AND table = '${BESIDE.events}' AND active AND rows > 0`;
    const kept = new Set((await selectRows<{ partition: string }>(this.client, parts)).map(({ partition }) => Number(partition)));
    for (const month of await this.sealedMonths()) if (!kept.has(month)) await this.run(`ALTER TABLE ${IN_USE.events} DROP PARTITION ${month}`);
  }

  private async sealedMonths(): Promise<number[]> {
    const rows = await selectRows<{ month: number }>(this.client, 'SELECT DISTINCT recorded_month AS month FROM sealed_months ORDER BY month');
    return rows.map(({ month }) => Number(month));
  }

  /**
   * Runs `work` while no sink's insert can run: the exchange itself runs under the query id of the first shard's inserts, and a query that
   * does nothing keeps the id of each other shard. A server runs one query of an id at a time.
   */
  private async fenced(shard: number, work: (queryId: string) => Promise<void>): Promise<void> {
    const queryId = queryIdOf(IN_USE, this.database, shard);
    if (shard === 0) return work(queryId);
    const keeper = this.keep(queryId);
    try {
      await this.started(queryId, keeper);
      await this.fenced(shard - 1, work);
    } finally {
      await killQuery(this.client, queryId);
      await keeper;
    }
  }

  /** Resolves when the query has ended, however. */
  private async keep(queryId: string): Promise<void> {
    const query = `SELECT sleepEachRow(1) FROM numbers(${FENCE_S}) SETTINGS max_block_size = 1`;
    await this.whenFree(() => this.client.query({ query, query_id: queryId }).then((result) => result.text())).catch(() => undefined);
  }

  private async started(queryId: string, keeper: Promise<void>): Promise<void> {
    let ended = false;
    void keeper.then(() => (ended = true));
    const running = 'SELECT query_id FROM system.processes WHERE query_id = {id:String} AND startsWith(query, \'SELECT sleepEachRow\')';
    while ((await selectRows(this.client, running, { id: queryId })).length === 0) {
      if (ended) throw new Error(`the inserts of ${queryId} could not be kept out`);
      await delay(FENCE_PAUSE_MS / 10);
    }
  }

  private async run(query: string, queryId?: string): Promise<void> {
    await this.whenFree(() => this.client.command({ query, query_id: queryId }));
  }

  /** Waits for the id when a sink's insert has it. */
  private async whenFree<T>(query: () => Promise<T>): Promise<T> {
    for (let tries = 1; ; tries++) {
      try {
        return await query();
      } catch (error) {
        const fault = toClickHouseFault(error);
        if (fault.code !== 'query_id_in_use' || tries === FENCE_TRIES) throw fault;
      }
      await delay(FENCE_PAUSE_MS);
    }
  }
}

function describe(row: DifferenceRow, names: readonly string[]): Difference[] {
  const differing = names.flatMap((field, i) => (row.in_use[i] === row.from_log[i] ? [] : [{ where: row.place, field, inUse: row.in_use[i]!, fromLog: row.from_log[i]! }]));
  return differing.length > 0 ? differing : [{ where: row.place, field: 'content of rows', inUse: row.in_use_hash, fromLog: row.from_log_hash }];
}
