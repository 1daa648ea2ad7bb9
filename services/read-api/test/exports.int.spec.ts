import { zstdDecompressSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { formatScaled, QUANTITIES } from '@ledgerline/kernel';
import { eventually } from '@ledgerline/testing';
import { parquetMetadata, parquetReadObjects } from 'hyparquet';
import { eventRowsSQL } from '../src/application/event-by-id-query.js';
import { type ExportColumn } from '../src/http/export/export-column.js';
import { EVENT_COLUMNS, HELD_COLUMNS, summaryColumns } from '../src/http/export/list-columns.js';
import { ListsRig } from './lists-rig.js';

const COUNT = 2_000;
const rig = new ListsRig();

beforeAll(async () => {
  await rig.start();
  await rig.fill('acme', COUNT);
}, 90_000);
afterAll(() => rig.stop());

const accept = (type: string) => ({ accept: type });
const CSV = accept('text/csv');
const NDJSON = accept('application/x-ndjson');
const PARQUET = accept('application/vnd.apache.parquet');

/** What a cell of a table should be, as text; null where there is none. */
const cell = ({ type, of }: ExportColumn, view: Record<string, unknown>): string | null => {
  const value = of(view) ?? null;
  if (value === null) return null;
  return type === 'json' ? JSON.stringify(value) : String(value);
};
const tableOf = (columns: readonly ExportColumn[], views: Record<string, unknown>[]) => views.map((view) => Object.fromEntries(columns.map((column) => [column.name, cell(column, view)])));

/** A Parquet file as text, cell by cell: decimals by their scale, times to the microsecond. */
async function parquetCells(bytes: Uint8Array): Promise<Record<string, string | null>[]> {
  const { buffer, byteOffset, byteLength } = bytes;
  const file = { byteLength, slice: (start: number, end?: number) => buffer.slice(byteOffset + start, byteOffset + (end ?? byteLength)) as ArrayBuffer };
  const { schema } = parquetMetadata(buffer.slice(byteOffset, byteOffset + byteLength) as ArrayBuffer);
  const elements = new Map(schema.slice(1).map((element) => [element.name, element]));
  // Decimals are read as bytes: the library would make them doubles.
  const raw = schema.map((element) => (element.converted_type === 'DECIMAL' ? { ...element, converted_type: undefined } : element));
  const metadata = { ...parquetMetadata(buffer.slice(byteOffset, byteOffset + byteLength) as ArrayBuffer), schema: raw };
  const rows = (await parquetReadObjects({ file, metadata, compressors: { ZSTD: (input) => zstdDecompressSync(input) }, parsers: { timestampFromMicroseconds: (micros: bigint) => micros } })) as Record<string, unknown>[];
  const text = (name: string, value: unknown): string | null => {
    const element = elements.get(name)!;
    if (value === null || value === undefined) return null;
    if (element.converted_type === 'DECIMAL') return formatScaled(BigInt.asIntN(128, BigInt(`0x${Buffer.from(value as Uint8Array).toString('hex')}`)), element.scale!);
    if (element.converted_type === 'TIMESTAMP_MICROS') return `${new Date(Number((value as bigint) / 1000n)).toISOString().slice(0, -1)}${String((value as bigint) % 1000n).padStart(3, '0')}Z`;
    return String(value);
  };
  return rows.map((row) => Object.fromEntries(Object.entries(row).map(([name, value]) => [name, text(name, value)])));
}

/** Puts a file into a table of ClickHouse, as somebody who has never heard of us would. */
async function load(table: string, format: string, body: Uint8Array | string): Promise<void> {
  const { origin, username, password, pathname } = new URL(rig.clickHouse.url);
  const query = new URLSearchParams({ database: pathname.slice(1), query: `INSERT INTO ${table} FORMAT ${format}`, input_format_skip_unknown_fields: '1' });
  const answer = await fetch(`${origin}/?${query}`, { method: 'POST', body: body as string, headers: { 'X-ClickHouse-User': decodeURIComponent(username), 'X-ClickHouse-Key': decodeURIComponent(password) } });
  if (!answer.ok) throw new Error(await answer.text());
}

/** RFC 4180 as ClickHouse reads it: an empty cell that is not quoted is null. */
async function csvCells(text: string, columns: readonly ExportColumn[]): Promise<Record<string, string | null>[]> {
  await rig.clickHouse.query(`CREATE OR REPLACE TABLE cells (line UInt64 DEFAULT rowNumberInAllBlocks(), ${columns.map(({ name }) => `${name} Nullable(String)`).join(', ')}) ENGINE = Memory`);
  await load('cells', 'CSVWithNames', text);
  const answer = await rig.clickHouse.query('SELECT * EXCEPT line FROM cells FORMAT JSONEachRow');
  return answer.split('\n').filter((line) => line !== '').map((line) => JSON.parse(line) as Record<string, string | null>);
}

describe('GET /v1/events as a file', () => {
  const QUERIES = ['', 'include_voided=true&sort=-cost_usd', 'state=unpriced&sort=latency_ms', 'model=m-1&model=m-2&limit=77', 'provider=nobody'];

  it.each(QUERIES)('(%s) is in every format the same events as in pages of JSON, in the same order', async (query) => {
    const limit = Number(/limit=(\d+)/.exec(query)?.[1] ?? Infinity);
    const pages = (await rig.pages(`/v1/events?limit=1000&${query.replace(/&?limit=\d+/, '')}`)).slice(0, limit);
    const [ndjson, csv, parquet] = await Promise.all([NDJSON, CSV, PARQUET].map((headers) => rig.fetch(`/v1/events?${query}`, headers)));
    expect(pages.length > 0).toBe(!query.includes('nobody'));
    const lines = (await ndjson!.text()).split('\n');
    expect(lines.pop()).toBe('');
    expect(lines.map((line) => JSON.parse(line) as unknown)).toEqual(pages);
    const cells = tableOf(EVENT_COLUMNS, pages);
    const text = await csv!.text();
    expect(text.slice(0, text.indexOf('\r\n'))).toBe(EVENT_COLUMNS.map(({ name }) => name).join(','));
    expect(await csvCells(text, EVENT_COLUMNS)).toEqual(cells);
    expect(await parquetCells(new Uint8Array(await parquet!.arrayBuffer()))).toEqual(cells);
  });

  it('leaves no member of JSON out of the table', async () => {
    const columns = new Set(EVENT_COLUMNS.map(({ name }) => name));
    for (const event of await rig.pages('/v1/events?limit=1000&include_voided=true')) {
      const { usage, ...members } = event;
      for (const name of [...Object.keys(members), ...Object.keys(usage as object)]) expect(columns).toContain(name);
    }
    expect(QUANTITIES.every(({ name }) => columns.has(name))).toBe(true);
  });

  it('is readable as typed Parquet by somebody else: money is a decimal and unknown cost is null', async () => {
    const bytes = new Uint8Array(await (await rig.fetch('/v1/events', PARQUET)).arrayBuffer());
    await rig.clickHouse.query("CREATE OR REPLACE TABLE typed (cost_usd Nullable(Decimal(38, 12)), seconds Nullable(Decimal(38, 9)), input_tokens Nullable(Int64), occurred_at DateTime64(6, 'UTC')) ENGINE = Memory");
    await load('typed', 'Parquet', bytes);
    const sums = JSON.parse(await rig.clickHouse.query("SELECT toString(sum(t.cost_usd)) AS cost_usd, countIf(t.cost_usd IS NULL) AS unpriced_events, count() AS event_count, toString(sum(t.seconds)) AS seconds, toString(sum(toInt128(t.input_tokens))) AS input_tokens, toString(max(occurred_at)) AS newest FROM typed AS t FORMAT JSONEachRow SETTINGS output_format_json_quote_64bit_integers = 0")) as Record<string, unknown>;
    const { newest, ...exported } = sums;
    expect((await rig.json('/v1/summaries')).data).toMatchObject([exported]);
    expect(`${String(newest).replace(' ', 'T')}Z`).toBe((await rig.json('/v1/events?limit=1')).data[0]!['occurred_at']);
  });

  it('says what it is and under which name to keep it', async () => {
    for (const [headers, type, name] of [[CSV, 'text/csv; charset=utf-8; header=present', 'events.csv'], [NDJSON, 'application/x-ndjson', 'events.ndjson'], [PARQUET, 'application/vnd.apache.parquet', 'events.parquet']] as const) {
      const answer = await rig.fetch('/v1/events?limit=1', headers);
      await answer.arrayBuffer();
      expect([answer.status, answer.headers.get('content-type'), answer.headers.get('content-disposition'), answer.headers.get('vary')]).toEqual([200, type, `attachment; filename="${name}"`, 'Accept']);
    }
  });

  it('begins where a cursor says', async () => {
    const { next_cursor: cursor } = await rig.json('/v1/events?limit=900&sort=cost_usd');
    const lines = (await (await rig.fetch(`/v1/events?sort=cost_usd&cursor=${cursor}`, NDJSON)).text()).trim().split('\n');
    const all = (await rig.pages('/v1/events?sort=cost_usd&limit=1000')).map(({ usage_id }) => usage_id);
    expect(lines.map((line) => (JSON.parse(line) as { usage_id: string }).usage_id)).toEqual(all.slice(900));
  });

  it.each([
    ['text/csv;q=0.5, application/json', 'application/json; charset=utf-8'],
    ['*/*', 'application/json; charset=utf-8'],
    ['text/*', 'text/csv; charset=utf-8; header=present'],
  ])('Accept: %s is answered as %s', async (type, expected) => {
    const answer = await rig.fetch('/v1/events?limit=1', accept(type));
    await answer.text();
    expect(answer.headers.get('content-type')).toBe(expected);
  });

  it('in a format that there is not is 406 and names those that there are; bad parameters are 400 in every format', async () => {
    for (const list of ['events', 'summaries', 'quarantine']) {
      const answer = await rig.fetch(`/v1/${list}`, accept('application/xml'));
      expect([answer.status, await answer.json()]).toEqual([406, expect.objectContaining({ code: 'not_acceptable', detail: expect.stringContaining('text/csv') })]);
      const refused = await rig.fetch(`/v1/${list}?limit=0`, CSV);
      expect([refused.status, refused.headers.get('content-type'), await refused.json()]).toEqual([400, 'application/problem+json; charset=utf-8', expect.objectContaining({ errors: [expect.objectContaining({ field: 'limit' })] })]);
    }
  });
});

describe('GET /v1/summaries as a file', () => {
  it('is in every format the rows of JSON, sums beyond 64 bits too', async () => {
    const groupBy = ['customer', 'model', 'month'] as const;
    const { data } = await rig.json(`/v1/summaries?group_by=${groupBy}`);
    expect(data).toHaveLength(5);
    const [ndjson, csv, parquet] = await Promise.all([NDJSON, CSV, PARQUET].map((headers) => rig.fetch(`/v1/summaries?group_by=${groupBy}`, headers)));
    expect((await ndjson!.text()).trim().split('\n').map((line) => JSON.parse(line) as unknown)).toEqual(data);
    const columns = summaryColumns({ groupBy });
    const cells = tableOf(columns, data);
    expect(new Set(data.flatMap((row) => Object.keys(row)))).toEqual(new Set(columns.map(({ name }) => name)));
    expect(await csvCells(await csv!.text(), columns)).toEqual(cells);
    expect(await parquetCells(new Uint8Array(await parquet!.arrayBuffer()))).toEqual(cells);
    expect(data.some((row) => typeof row['input_tokens'] === 'string')).toBe(true);
    const limited = (await (await rig.fetch(`/v1/summaries?group_by=${groupBy}&limit=2`, NDJSON)).text()).trim().split('\n');
    expect(limited).toHaveLength(2);
  });
});

describe('GET /v1/quarantine as a file', () => {
  it('is in every format the items of JSON; counts by code are JSON alone', async () => {
    await rig.hold(120);
    const items = (await rig.json('/v1/quarantine?consistency=strong&limit=1000')).data;
    expect(items).toHaveLength(120);
    const [ndjson, csv, parquet] = await Promise.all([NDJSON, CSV, PARQUET].map((headers) => rig.fetch('/v1/quarantine', headers)));
    expect((await ndjson!.text()).trim().split('\n').map((line) => JSON.parse(line) as unknown)).toEqual(items);
    const cells = tableOf(HELD_COLUMNS, items);
    expect(cells[0]).toMatchObject({ reason_code: 'conflict', customer_id: 'held', resolution: null });
    expect(await csvCells(await csv!.text(), HELD_COLUMNS)).toEqual(cells);
    expect(await parquetCells(new Uint8Array(await parquet!.arrayBuffer()))).toEqual(cells);
    expect((await rig.fetch('/v1/quarantine?summary=true', CSV)).status).toBe(406);
  });
});

describe('a store that is larger than any buffer', () => {
  const MANY = 150_000;

  beforeAll(async () => {
    await rig.clickHouse.query(`INSERT INTO usage_events (usage_id, id, customer_id, provider, model, occurred_at, recorded_at, cost_usd, input_tokens, usage_mask, request_metadata)
      SELECT generateUUIDv4(), toString(number), 'big', 'openai', 'gpt-4o', toDateTime64('2026-11-01', 6, 'UTC') + number, toDateTime64('2026-11-20', 6, 'UTC'), 1, 1, 1, '{"pad":"${'x'.repeat(200)}"}' FROM numbers(${MANY})`);
  }, 60_000);

  const running = async () => Number(await rig.clickHouse.query("SELECT count() FROM system.processes WHERE current_database = currentDatabase() AND query LIKE '%FROM usage_events%ORDER BY%' AND query NOT LIKE '%system.processes%'"));
  const kill = () => rig.clickHouse.query("KILL QUERY WHERE current_database = currentDatabase() AND query LIKE '%FROM usage_events%ORDER BY%' AND query NOT LIKE '%KILL%' SYNC");

  it('is exported whole', async () => {
    const answer = await rig.fetch('/v1/events?customer_id=big&sort=occurred_at', CSV);
    let lines = 0;
    for await (const chunk of answer.body as unknown as AsyncIterable<Uint8Array>) for (const byte of chunk) if (byte === 10) lines += 1;
    expect(lines).toBe(MANY + 1);
  }, 120_000);

  it.each([['CSV', CSV], ['NDJSON', NDJSON], ['Parquet', PARQUET]])('that fails in the middle of an export breaks the connection off: %s is never short without a word', async (_, headers) => {
    const answer = await rig.fetch('/v1/events?customer_id=big&sort=occurred_at', headers);
    expect(answer.status).toBe(200);
    expect(await running()).toBe(1);
    await kill();
    await expect(answer.arrayBuffer()).rejects.toThrow();
  }, 60_000);

  it('is not read on when the reader goes away', async () => {
    const gone = new AbortController();
    const answer = await fetch(`${rig.api}/v1/events?customer_id=big&sort=occurred_at`, { headers: { authorization: `Bearer ${rig.key}`, ...CSV }, signal: gone.signal });
    expect(answer.status).toBe(200);
    gone.abort();
    await eventually(async () => expect(await running()).toBe(0));
  }, 60_000);

  it('is no burden to a read of one event, which looks into an index in the order of addresses', async () => {
    const id = (await rig.clickHouse.query("SELECT max(usage_id) FROM usage_events WHERE customer_id = 'big'")).trim();
    const { sql } = eventRowsSQL(id, {});
    // The server scans small tables without it.
    const explained = await rig.clickHouse.query(`EXPLAIN indexes = 1, projections = 1 ${sql.replace('{usage_id:UUID}', `'${id}'`)} SETTINGS min_table_rows_to_use_projection_index = 0`);
    expect(explained).toMatch(/Name: by_usage_id[\s\S]*Search Algorithm: binary search/);
  });
});
