import { type Pool, type PoolClient } from 'pg';
import { createKysely, migrate } from '@ledgerline/postgres';
import { QUANTITIES } from '@ledgerline/contracts';
import { type Baseline, type BaselineStore, type NewSeal, type SealedPosition } from '../baseline.js';
import { type LedgerSums } from '../sums.js';
import { keyText } from '../usage-key.js';
import { AUDIT_SCHEMA, auditMigrations } from './baseline-migration.js';

interface PositionRow {
  partition: number;
  priced_sequence: string;
  source_sequence: string;
  stream_id: string;
  message_digest: string;
  usage_events: string;
  corrections: string;
  outcomes: string[];
}

interface SumsRow {
  customer_id: string;
  month: string;
  provider: string;
  model: string;
  numbers: string[];
}

const PAGE = 20_000;
const WRITE_PAGE = 5_000;

/** The baseline in Postgres, in the schema `audit`, made at the first use. */
export class PostgresBaseline implements BaselineStore {
  private migrated: Promise<void> | undefined;

  constructor(
    private readonly pool: Pool,
    private readonly generation: number,
  ) {}

  async load(): Promise<Baseline | undefined> {
    this.migrated ??= migrate(createKysely(this.pool), { schema: AUDIT_SCHEMA, migrations: auditMigrations });
    await this.migrated.catch((error: unknown) => {
      this.migrated = undefined;
      throw error;
    });
    return this.transaction('BEGIN TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY', async (client) => {
      const seals = await client.query<{ number: string; sealed_at: Date; closed: boolean }>('SELECT number::text, sealed_at, closed FROM audit.seals WHERE generation = $1', [this.generation]);
      const [seal] = seals.rows;
      if (!seal) return undefined;
      return { number: Number(seal.number), sealedAtUs: seal.sealed_at.getTime() * 1000, closed: seal.closed, positions: await this.positions(client), byKey: await this.sums(client) };
    });
  }

  private async positions(client: PoolClient): Promise<Map<number, SealedPosition>> {
    const { rows } = await client.query<PositionRow>(
      `SELECT partition, priced_sequence::text, source_sequence::text, stream_id, message_digest, usage_events::text, corrections::text, outcomes::text[]
       FROM audit.sealed_positions WHERE generation = $1`,
      [this.generation],
    );
    return new Map(rows.map((row) => [row.partition, positionOf(row)]));
  }

  private async sums(client: PoolClient): Promise<Map<string, LedgerSums>> {
    await client.query(`DECLARE sealed NO SCROLL CURSOR FOR SELECT customer_id, month, provider, model, numbers::text[] FROM audit.sealed_sums WHERE generation = ${this.generation}`);
    const byKey = new Map<string, LedgerSums>();
    for (;;) {
      const { rows } = await client.query<SumsRow>(`FETCH ${PAGE} FROM sealed`);
      for (const row of rows) byKey.set(keyText({ customer: row.customer_id, month: row.month, provider: row.provider, model: row.model }), sumsOf(row.numbers.map(BigInt)));
      if (rows.length < PAGE) return byKey;
    }
  }

  seal({ replaces, positions, byKey, whole, closed }: NewSeal): Promise<boolean> {
    return this.transaction('BEGIN', async (client) => {
      const taken = await client.query(
        `INSERT INTO audit.seals (generation, number, closed) SELECT $1::integer, 1, $3::boolean WHERE $2::bigint = 0
         ON CONFLICT (generation) DO NOTHING`,
        [this.generation, replaces, closed],
      );
      const moved = await client.query('UPDATE audit.seals SET number = number + 1, closed = $3, sealed_at = clock_timestamp() WHERE generation = $1 AND number = $2 AND $2 > 0', [this.generation, replaces, closed]);
      if (taken.rowCount === 0 && moved.rowCount === 0) return false;
      await client.query('DELETE FROM audit.sealed_positions WHERE generation = $1', [this.generation]);
      for (const position of positions) await this.writePosition(client, position);
      if (whole) await client.query('DELETE FROM audit.sealed_sums WHERE generation = $1', [this.generation]);
      const entries = [...byKey];
      for (let at = 0; at < entries.length; at += WRITE_PAGE) await this.writeSums(client, entries.slice(at, at + WRITE_PAGE));
      return true;
    });
  }

  private writePosition(client: PoolClient, position: SealedPosition): Promise<unknown> {
    const { partition, pricedSequence, sourceSequence, streamId, messageDigest, usageEvents, corrections, outcomes } = position;
    return client.query('INSERT INTO audit.sealed_positions VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)', [
      this.generation, partition, pricedSequence, sourceSequence, streamId, messageDigest, usageEvents.toString(), corrections.toString(), outcomes.map(String),
    ]);
  }

  private writeSums(client: PoolClient, entries: readonly (readonly [string, LedgerSums])[]): Promise<unknown> {
    const keys = entries.map(([key]) => JSON.parse(key) as [string, string, string, string]);
    return client.query(
      `INSERT INTO audit.sealed_sums
       SELECT $1, customer_id, month, provider, model, numbers::numeric[]
       FROM unnest($2::text[], $3::text[], $4::text[], $5::text[], $6::text[]) AS sums (customer_id, month, provider, model, numbers)
       ON CONFLICT (generation, customer_id, month, provider, model) DO UPDATE SET numbers = excluded.numbers`,
      [this.generation, ...[0, 1, 2, 3].map((part) => keys.map((key) => key[part])), entries.map(([, sums]) => `{${numbersOf(sums).join(',')}}`)],
    );
  }

  private async transaction<T>(begin: string, work: (client: PoolClient) => Promise<T>): Promise<T> {
    const client = await this.pool.connect();
    try {
      await client.query(begin);
      const result = await work(client);
      await client.query('COMMIT');
      return result;
    } catch (error) {
      await client.query('ROLLBACK').catch(() => undefined);
      throw error;
    } finally {
      client.release();
    }
  }
}

const positionOf = (row: PositionRow): SealedPosition => ({
  partition: row.partition,
  pricedSequence: Number(row.priced_sequence),
  sourceSequence: Number(row.source_sequence),
  streamId: row.stream_id,
  messageDigest: row.message_digest,
  usageEvents: BigInt(row.usage_events),
  corrections: BigInt(row.corrections),
  outcomes: row.outcomes.map(BigInt),
});

const numbersOf = ({ events, unpriced, costPicoUsd, requestsMade, quantities }: LedgerSums): bigint[] => [events, unpriced, costPicoUsd, requestsMade, ...quantities];

/** A quantity that did not exist when the sums were sealed is 0. */
const sumsOf = ([events = 0n, unpriced = 0n, costPicoUsd = 0n, requestsMade = 0n, ...quantities]: bigint[]): LedgerSums => ({
  events, unpriced, costPicoUsd, requestsMade, quantities: QUANTITIES.map(({ index }) => quantities[index] ?? 0n),
});
