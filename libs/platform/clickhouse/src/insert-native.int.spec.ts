import { request } from 'node:http';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { eventually, freshClickhouse, type FreshClickhouse } from '@ledgerline/testing';
import { type ClickHouseClient, connectionOf, createClickHouse } from './client.js';
import { insertNative, killQuery } from './insert-native.js';
import { encodeNativeBlock, inputFunction } from './native/block.js';
import { uint32Column } from './native/fixed-width.js';

const ROWS = 200_000;
const columns = [uint32Column('n', Uint32Array.from({ length: ROWS }, (_, i) => i))];
const body = encodeNativeBlock(columns);
const query = `INSERT INTO numbers SELECT n FROM ${inputFunction(columns)} WHERE n NOT IN (SELECT n FROM numbers) FORMAT Native`;

let database: FreshClickhouse;
let client: ClickHouseClient;

beforeAll(async () => {
  database = await freshClickhouse();
  client = createClickHouse({ url: database.url, applicationName: 'insert-spec' });
  await client.command({ query: 'CREATE TABLE numbers (n UInt32) ENGINE = MergeTree ORDER BY n' });
});
beforeEach(async () => {
  await client.command({ query: 'TRUNCATE TABLE numbers' });
});
afterAll(async () => {
  await client?.close();
  await database?.drop();
});

const stored = async (): Promise<number> => Number(await database.query('SELECT count() FROM numbers'));

describe('insertNative', () => {
  it('reports the rows the server wrote, and lands as one part', async () => {
    expect(await insertNative(client, { query, queryId: 'spec-plain', body })).toBe(ROWS);
    expect(await insertNative(client, { query, queryId: 'spec-plain', body })).toBe(0);
    expect(await stored()).toBe(ROWS);
    expect((await database.query("SELECT count() FROM system.parts WHERE active AND database = currentDatabase() AND table = 'numbers'")).trim()).toBe('1');
  });

  it('is refused as query_id_in_use while a query of that id runs, and gets through once that one is killed', async () => {
    const sleeping = client.query({
      query: 'SELECT sleepEachRow(1) FROM numbers(600) SETTINGS max_block_size = 1, function_sleep_max_microseconds_per_block = 3000000',
      query_id: 'spec-fence',
    }).then((result) => result.text());
    const ended = sleeping.then(() => 'finished', (error: Error) => error.message);
    await eventually(async () => (await database.query("SELECT count() FROM system.processes WHERE query_id = 'spec-fence'")).trim() === '1');
    await expect(insertNative(client, { query, queryId: 'spec-fence', body })).rejects.toMatchObject({ name: 'ClickHouseFault', code: 'query_id_in_use', serverCode: 216 });
    await killQuery(client, 'spec-fence');
    expect(await insertNative(client, { query, queryId: 'spec-fence', body })).toBe(ROWS);
    await ended;
  });

  it('is not held up by a writer that froze in mid-body, and that writer adds nothing when it thaws', async () => {
    const { url, username, password, database: name } = connectionOf(database.url);
    const search = new URLSearchParams({ query, query_id: 'spec-frozen', database: name, user: username, password, wait_end_of_query: '1', max_query_size: '134217728' });
    const frozen = request(`${url}/?${search}`, { method: 'POST', headers: { 'transfer-encoding': 'chunked' } });
    const answered = new Promise<string | undefined>((resolve, reject) => {
      frozen.on('error', reject);
      frozen.on('response', (response) => {
        response.resume();
        response.on('end', () => resolve(String(response.headers['x-clickhouse-summary'])));
      });
    });
    await new Promise((resolve) => frozen.write(body.subarray(0, 500_000), resolve));
    expect(await insertNative(client, { query, queryId: 'spec-frozen', body })).toBe(ROWS);
    frozen.end(body.subarray(500_000));
    expect(await answered).toContain('"written_rows":"0"');
    expect(await stored()).toBe(ROWS);
  });

  it('names an unreachable server', async () => {
    const nowhere = createClickHouse({ url: 'http://u:p@127.0.0.1:1/db', applicationName: 'insert-spec' });
    await expect(insertNative(nowhere, { query, queryId: 'spec-none', body })).rejects.toMatchObject({ code: 'unreachable' });
    await nowhere.close();
  });
});
