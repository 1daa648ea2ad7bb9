import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { freshClickhouse, type FreshClickhouse } from '@ledgerline/testing';
import { createClickHouse, type ClickHouseClient, selectRows } from '../client.js';
import { insertNative } from '../insert-native.js';
import { encodeNativeBlock, inputFunction, tableStructure, type NativeColumn } from './block.js';
import { dateTime64Column, decimal128Column, enum8Column, fixedStringColumn, int64Column, int8Column, uint16Column, uint32Column, uint64Column, uint8Column, uuidColumn } from './fixed-width.js';
import { lowCardinalityColumn } from './low-cardinality.js';
import { nullable } from './nullable.js';
import { stringMapColumn } from './string-map.js';
import { dictionaryStringColumn, stringColumn } from './strings.js';

let database: FreshClickhouse;
let client: ClickHouseClient;

beforeAll(async () => {
  database = await freshClickhouse();
  client = createClickHouse({ url: database.url, applicationName: 'native-spec' });
});
afterAll(async () => {
  await client?.close();
  await database?.drop();
});

let tables = 0;
/** Sends the columns as one block into a table of the same types and reads every row back as JSON. */
async function roundTrip(...columns: NativeColumn[]): Promise<Record<string, unknown>[]> {
  const table = `native_${process.pid}_${++tables}`;
  await client.command({ query: `CREATE TABLE ${table} (n UInt64 DEFAULT rowNumberInAllBlocks(), ${tableStructure(columns)}) ENGINE = MergeTree ORDER BY n` });
  try {
    const names = columns.map(({ name }) => name).join(', ');
    const written = await insertNative(client, {
      query: `INSERT INTO ${table} (n, ${names}) SELECT rowNumberInAllBlocks(), ${names} FROM ${inputFunction(columns)} FORMAT Native`,
      queryId: `native-spec-${table}`,
      body: encodeNativeBlock(columns),
    });
    expect(written).toBe(columns[0]!.rows);
    return await selectRows(client, `SELECT ${names} FROM ${table} ORDER BY n`);
  } finally {
    await client.command({ query: `DROP TABLE ${table} SYNC` });
  }
}

const values = async (column: NativeColumn): Promise<unknown[]> => (await roundTrip(column)).map((row) => row[column.name]);

describe('a Native block, read back from the server', () => {
  it('keeps integers of every width at their limits', async () => {
    expect(await roundTrip(
      uint8Column('a', Uint8Array.of(0, 255)),
      int8Column('b', Int8Array.of(-128, 127)),
      uint16Column('c', Uint16Array.of(0, 65535)),
      uint32Column('d', Uint32Array.of(0, 4294967295)),
      uint64Column('e', BigUint64Array.of(0n, 18446744073709551615n)),
      int64Column('f', BigInt64Array.of(-9223372036854775808n, 9223372036854775807n)),
    )).toEqual([
      { a: 0, b: -128, c: 0, d: 0, e: '0', f: '-9223372036854775808' },
      { a: 255, b: 127, c: 65535, d: 4294967295, e: '18446744073709551615', f: '9223372036854775807' },
    ]);
  });

  it('keeps integers given as doubles exact, negative ones too', async () => {
    expect(await values(int64Column('v', Float64Array.of(0, 1, -1, -5, 4294967296, -4294967297, 9007199254740991, -9007199254740991))))
      .toEqual(['0', '1', '-1', '-5', '4294967296', '-4294967297', '9007199254740991', '-9007199254740991']);
  });

  it('keeps microseconds of a time', async () => {
    expect(await values(dateTime64Column('v', Float64Array.of(946684800000001, 1763812345678901)))).toEqual(['2000-01-01 00:00:00.000001', '2025-11-22 11:52:25.678901']);
  });

  it('keeps a decimal of 38 digits given as 16 bytes', async () => {
    const bytes = new Uint8Array(48);
    const view = new DataView(bytes.buffer);
    const put = (i: number, v: bigint): void => {
      view.setBigUint64(i * 16, BigInt.asUintN(64, v), true);
      view.setBigInt64(i * 16 + 8, v >> 64n, true);
    };
    put(0, 1n);
    put(1, -123456789012345678901234567n);
    put(2, 10n ** 38n - 1n);
    expect(await values(decimal128Column('v', 12, bytes))).toEqual(['0.000000000001', '-123456789012345.678901234567', '99999999999999999999999999.999999999999']);
  });

  it('keeps a UUID whose bytes come in reading order', async () => {
    expect(await values(uuidColumn('v', Uint8Array.from({ length: 16 }, (_, i) => i * 17)))).toEqual(['00112233-4455-6677-8899-aabbccddeeff']);
  });

  it('keeps NULLs apart from zeros', async () => {
    expect(await values(nullable(uint64Column('v', Float64Array.of(0, 0, 7)), Uint8Array.of(1, 0, 0)))).toEqual([null, '0', '7']);
    expect(await values(nullable(decimal128Column('v', 12, new Uint8Array(32)), Uint8Array.of(0, 1)))).toEqual(['0', null]);
  });

  it('keeps text of any length and script', async () => {
    const texts = ['', 'a', 'x'.repeat(39), 'x'.repeat(127), 'x'.repeat(128), 'y'.repeat(70_000), 'ünïcode', `${'z'.repeat(60)}€`, '🙂'.repeat(63), '\u0000"\\\n'];
    expect(await values(stringColumn('v', texts))).toEqual(texts);
    expect(await values(dictionaryStringColumn('v', { dictionary: texts, indices: Uint32Array.of(3, 0, 8) }))).toEqual([texts[3], '', texts[8]]);
  });

  it.each([1, 3, 256, 257, 65_536, 65_537])('keeps low-cardinality text with %d keys', async (keys) => {
    const dictionary = Array.from({ length: keys }, (_, i) => (i === 1 ? '' : `key-${i}`));
    const indices = Uint32Array.from({ length: 70_000 }, (_, i) => (i * 7919) % keys);
    const read = await values(lowCardinalityColumn('v', { dictionary, indices }));
    expect(read.length).toBe(70_000);
    expect(read.every((value, i) => value === dictionary[indices[i]!])).toBe(true);
  });

  it('keeps maps, empty ones and repeated ones', async () => {
    const maps: Record<string, string>[] = [{}, { team: 'a', region: 'eu' }, { region: '' }, { 'ключ': 'ß'.repeat(200) }];
    expect(await values(stringMapColumn('v', maps, Uint32Array.of(1, 0, 2, 1, 3)))).toEqual([maps[1], {}, maps[2], maps[1], maps[3]]);
    expect(await values(stringMapColumn('v', [{}], new Uint32Array(3)))).toEqual([{}, {}, {}]);
  });

  it('keeps enumerations and fixed strings', async () => {
    expect(await roundTrip(
      enum8Column('e', "Enum8('ok' = 0, 'error' = 1)", Uint8Array.of(1, 0)),
      fixedStringColumn('f', 3, Buffer.from('abcdef')),
    )).toEqual([{ e: 'error', f: 'abc' }, { e: 'ok', f: 'def' }]);
  });

  it('refuses columns of different lengths', () => {
    expect(() => encodeNativeBlock([uint8Column('a', new Uint8Array(1)), uint8Column('b', new Uint8Array(2))])).toThrow('column b has 2 rows, the block has 1');
  });
});
