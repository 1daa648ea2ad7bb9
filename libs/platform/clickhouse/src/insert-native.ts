import { Readable } from 'node:stream';
import { type ClickHouseClient, type ClickHouseSettings } from '@clickhouse/client';
import { toClickHouseFault } from './errors.js';

export interface NativeInsert {
  /** Everything before the data: `INSERT INTO t (…) SELECT … FROM input('…') … FORMAT Native`. */
  query: string;
  /** The server refuses a second query of this id while one runs: fault `query_id_in_use`. */
  queryId: string;
  /** A Native block. */
  body: Buffer;
  settings?: ClickHouseSettings;
  signal?: AbortSignal;
}

/**
 * Runs the insert to its end and returns the rows it wrote, by the server's own count. Throws ClickHouseFault.
 *
 * The server starts a query once it has read `max_query_size` bytes of query and body together, or all there is. With room for the
 * whole body, a query starts, takes its id and evaluates its predicates only when the last byte has arrived: a writer frozen in
 * mid-body holds no id (it would for 30 s otherwise) and decides nothing on what the table held before it froze.
 */
export async function insertNative(client: ClickHouseClient, { query, queryId, body, settings, signal }: NativeInsert): Promise<number> {
  try {
    const { stream, summary } = await client.exec({
      query,
      query_id: queryId,
      values: Readable.from([body], { objectMode: false }),
      abort_signal: signal,
      clickhouse_settings: { ...settings, async_insert: 0, wait_end_of_query: 1, max_query_size: String(body.length + query.length + 65_536) },
    });
    stream.resume();
    return Number(summary?.written_rows ?? 0);
  } catch (error) {
    throw toClickHouseFault(error);
  }
}

/** Ends every query of that id and returns once none is left. It ends nothing that has not started yet. */
export async function killQuery(client: ClickHouseClient, queryId: string): Promise<void> {
  await client.command({ query: 'KILL QUERY WHERE query_id = {id:String} SYNC', query_params: { id: queryId } });
}
