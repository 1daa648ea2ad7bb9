import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { freshClickhouse, type FreshClickhouse } from '@ledgerline/testing';
import { type ClickHouseClient, createClickHouse } from './client.js';
import { createDatabase, migrateClickHouse } from './migrations.js';

let database: FreshClickhouse;
let client: ClickHouseClient;

beforeAll(async () => {
  database = await freshClickhouse();
  client = createClickHouse({ url: database.url, applicationName: 'migrations-spec' });
});
afterAll(async () => {
  await client?.close();
  await database?.drop();
});

const migrations = {
  '0002_b': ['ALTER TABLE t ADD COLUMN IF NOT EXISTS b UInt8'],
  '0001_a': ['CREATE TABLE IF NOT EXISTS t (a UInt8) ENGINE = MergeTree ORDER BY a'],
};

it('two copies that start together both end with every migration applied', async () => {
  await createDatabase(database.url);
  await Promise.all([migrateClickHouse(client, 'spec', migrations), migrateClickHouse(client, 'spec', migrations)]);
  expect((await database.query('SELECT name FROM system.columns WHERE database = currentDatabase() AND table = \'t\' ORDER BY name')).trim()).toBe('a\nb');
});

it('a migration is applied once, in the order of names, and per owner', async () => {
  expect(await migrateClickHouse(client, 'spec', migrations)).toEqual([]);
  expect(await migrateClickHouse(client, 'spec', { ...migrations, '0003_c': ['ALTER TABLE t ADD COLUMN IF NOT EXISTS c UInt8'] })).toEqual(['0003_c']);
  expect(await migrateClickHouse(client, 'other', migrations)).toEqual(['0001_a', '0002_b']);
});
