import { type ClickHouseClient, type ClickHouseSettings } from '@clickhouse/client';

/**
 * Rows of a SELECT as they come, some at a time, as objects like those of `selectRows`. The server is held up while nobody takes them;
 * leaving the loop early ends the query.
 *
 * A failure after the first rows is told in the middle of an answer whose status was 200. It is never taken for rows: the server says it
 * as plain text, which is no row, and breaks off the answer.
 *
 * @throws while being read: whatever broke it off
 */
export async function* streamRows<Row>(client: ClickHouseClient, query: string, parameters: Record<string, unknown> = {}, settings: ClickHouseSettings = {}): AsyncGenerator<Row[], void> {
  const stopped = new AbortController();
  try {
    const result = await client.query({
      query,
      query_params: parameters,
      format: 'JSONEachRow',
      abort_signal: stopped.signal,
      clickhouse_settings: { output_format_json_quote_64bit_integers: 1, output_format_json_quote_decimals: 1, http_write_exception_in_output_format: 0, cancel_http_readonly_queries_on_client_close: 1, ...settings },
    });
    for await (const rows of result.stream<Row>()) yield rows.map((row) => row.json<Row>());
  } finally {
    stopped.abort();
  }
}
