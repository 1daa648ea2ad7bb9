import { type Pool } from 'pg';

/** From when on the aggregation service keeps rows, microseconds since 1970; 0 while it never dropped any, or never ran. */
export async function keptFromUs(pool: Pool): Promise<number> {
  const view = await pool.query<{ there: boolean }>("select to_regclass('aggregation.published_retention') is not null as there");
  if (!view.rows[0]!.there) return 0;
  const { rows } = await pool.query<{ kept_from_us: number | string }>('select (extract(epoch from kept_from) * 1000000)::bigint as kept_from_us from aggregation.published_retention');
  return Number(rows[0]?.kept_from_us ?? 0);
}
