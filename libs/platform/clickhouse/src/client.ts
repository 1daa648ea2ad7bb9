import { type ClickHouseClient, ClickHouseLogLevel, type ClickHouseSettings, createClient } from '@clickhouse/client';

export type { ClickHouseClient, ClickHouseSettings };

export interface ClickHouseOptions {
  /** http://user:password@host:port/database */
  url: string;
  /** Shown in system.query_log as the HTTP user agent. */
  applicationName: string;
  requestTimeoutMs?: number;
  maxConnections?: number;
}

/** A client on one server, one database. Close it with `client.close()`. */
export function createClickHouse({ url, applicationName, requestTimeoutMs = 30_000, maxConnections = 10 }: ClickHouseOptions): ClickHouseClient {
  return createClient({
    ...connectionOf(url),
    application: applicationName,
    request_timeout: requestTimeoutMs,
    max_open_connections: maxConnections,
    // Every failure reaches the caller as an error and is logged there, once.
    log: { level: ClickHouseLogLevel.OFF },
  });
}

/** Splits the URL, so that a password with reserved characters (percent-encoded there) reaches the server as meant. */
export function connectionOf(url: string): { url: string; username: string; password: string; database: string } {
  const parsed = new URL(url);
  return {
    url: `${parsed.protocol}//${parsed.host}`,
    username: decodeURIComponent(parsed.username) || 'default',
    password: decodeURIComponent(parsed.password),
    database: decodeURIComponent(parsed.pathname.slice(1)) || 'default',
  };
}

/** Rows of a SELECT as objects. Parameters are bound by name: `{customer:String}` in the SQL. 64-bit integers and decimals come as strings. @param settings of this query */
export async function selectRows<Row>(client: ClickHouseClient, query: string, parameters: Record<string, unknown> = {}, settings: ClickHouseSettings = {}): Promise<Row[]> {
  const result = await client.query({
    query,
    query_params: parameters,
    format: 'JSONEachRow',
    clickhouse_settings: { output_format_json_quote_64bit_integers: 1, output_format_json_quote_decimals: 1, ...settings },
  });
  return result.json<Row>();
}
