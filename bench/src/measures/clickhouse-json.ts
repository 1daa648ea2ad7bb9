import { request } from 'undici';
import { connectionOf } from '@ledgerline/clickhouse';
import { type Landing } from '../stack/landing.js';

const ROWS_PER_INSERT = 10_000;
const TABLE = 'bench_json_rows';

/**
 * A bare loop: the very rows that the pipeline wrote, inserted again as JSONEachRow into a table of the same
 * definition (projection included), 10,000 at a time, one insert after the other.
 *
 * @returns rows per second
 */
export async function measureClickhouseJson({ clickhouse }: Landing, clickhouseUrl: string, { forMs, inserts }: { forMs: number; inserts: number }): Promise<number> {
  const bodies: Buffer[] = [];
  for (let i = 0; i < inserts; i++) {
    const result = await clickhouse.query({ query: `SELECT * FROM usage_events LIMIT ${ROWS_PER_INSERT} OFFSET ${i * ROWS_PER_INSERT}`, format: 'JSONEachRow' });
    bodies.push(Buffer.from(await result.text()));
  }
  await clickhouse.command({ query: `DROP TABLE IF EXISTS ${TABLE} SYNC` });
  await clickhouse.command({ query: `CREATE TABLE ${TABLE} AS usage_events` });
  const { url, username, password, database } = connectionOf(clickhouseUrl);
  const target = `${url}/?${new URLSearchParams({ database, query: `INSERT INTO ${TABLE} FORMAT JSONEachRow`, async_insert: '0' })}`;
  const insert = async (body: Buffer): Promise<void> => {
    const answer = await request(target, { method: 'POST', body, headers: { 'X-ClickHouse-User': username, 'X-ClickHouse-Key': password } });
    const text = await answer.body.text();
    if (answer.statusCode !== 200) throw new Error(text);
  };
  try {
    for (const body of bodies.slice(0, 2)) await insert(body);
    const startedMs = performance.now();
    let rows = 0;
    for (let i = 0; performance.now() - startedMs < forMs; i++) {
      await insert(bodies[i % bodies.length]!);
      rows += ROWS_PER_INSERT;
    }
    return rows / ((performance.now() - startedMs) / 1000);
  } finally {
    await clickhouse.command({ query: `DROP TABLE IF EXISTS ${TABLE} SYNC` });
  }
}
