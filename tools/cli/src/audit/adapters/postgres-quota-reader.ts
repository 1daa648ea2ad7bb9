import { type Pool } from 'pg';
import { parseScaled } from '@ledgerline/kernel';
import { QUOTA_SUMS, type QuotaNumbers } from '../quota-sums.js';
import { type QuotaState } from '../sources.js';
import { keyText } from '../usage-key.js';

interface SumsRow {
  customer_id: string;
  month: string;
  provider: string;
  model: string;
  [sum: string]: string;
}

const PAGE = 20_000;

/**
 * Reads checkpoints and sums in one REPEATABLE READ transaction: however fast the projection moves, both are of
 * the same moment, so everything else can be compared at exactly that place.
 */
export async function readQuotaSnapshot(pool: Pool, generation: number): Promise<QuotaState> {
  const client = await pool.connect();
  try {
    await client.query('BEGIN TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY');
    const progress = await client.query<{ partition: number; sequence: string; source_sequence: string }>(
      'SELECT partition, sequence::text, source_sequence::text FROM quota.published_progress WHERE generation = $1 ORDER BY partition',
      [generation],
    );
    const sums = QUOTA_SUMS.map(({ name }) => `${name}::text`).join(', ');
    await client.query(
      `DECLARE sums NO SCROLL CURSOR FOR
       SELECT customer_id, to_char(period_start, 'YYYY-MM') AS month, provider, model, ${sums} FROM quota.published_sums`,
    );
    const byKey = new Map<string, QuotaNumbers>();
    for (;;) {
      const { rows } = await client.query<SumsRow>(`FETCH ${PAGE} FROM sums`);
      for (const row of rows) byKey.set(keyOf(row), numbersOf(row));
      if (rows.length < PAGE) break;
    }
    return {
      cut: new Map(progress.rows.map(({ partition, sequence }) => [partition, Number(sequence)])),
      sourceTo: new Map(progress.rows.map(({ partition, source_sequence }) => [partition, Number(source_sequence)])),
      byKey,
    };
  } finally {
    await client.query('ROLLBACK').catch(() => undefined);
    client.release();
  }
}

const keyOf = ({ customer_id, month, provider, model }: SumsRow): string => keyText({ customer: customer_id, month, provider, model });

const numbersOf = (row: SumsRow): QuotaNumbers => QUOTA_SUMS.map(({ name, scale }) => parseScaled(row[name]!, scale));

/** How far the rows in ClickHouse are known to reach: USAGE sequence by partition. */
export async function readRowsProgress(pool: Pool, generation: number): Promise<Map<number, number>> {
  const { rows } = await pool.query<{ partition: number; source_sequence: string }>(
    'SELECT partition, source_sequence::text FROM aggregation.published_progress WHERE generation = $1',
    [generation],
  );
  return new Map(rows.map(({ partition, source_sequence }) => [partition, Number(source_sequence)]));
}

/** Generations of the log that the projections have read from. */
export async function readGenerations(pool: Pool): Promise<number[]> {
  const { rows } = await pool.query<{ generation: number }>('SELECT generation FROM quota.published_progress UNION SELECT generation FROM aggregation.published_progress');
  return rows.map(({ generation }) => generation);
}
