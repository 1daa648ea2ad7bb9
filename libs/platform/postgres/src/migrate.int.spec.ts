import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { freshDatabase, type FreshDatabase } from '@ledgerline/testing';
import { sql } from 'kysely';
import { createKysely, createPool, migrate, type Migration, MigrationError } from './index.js';

const addRow: Migration = { up: async (db) => void (await sql`insert into shop.applied default values`.execute(db)) };
const first: Migration = { up: async (db) => void (await sql`create table shop.applied (at timestamptz default now())`.execute(db)) };
const migrations = { '0001_table': first, '0002_row': addRow };

describe('migrations', () => {
  let database: FreshDatabase;
  const kyselys = [] as ReturnType<typeof createKysely<unknown>>[];
  const open = () => {
    const kysely = createKysely<unknown>(createPool(database.url, { applicationName: 'spec', max: 3 }));
    kyselys.push(kysely);
    return kysely;
  };
  beforeAll(async () => {
    database = await freshDatabase();
  });
  afterAll(async () => {
    await Promise.all(kyselys.map((kysely) => kysely.destroy()));
    await database.drop();
  });

  it('copies that start together apply each migration exactly once', async () => {
    await Promise.all(Array.from({ length: 5 }, () => migrate(open(), { schema: 'shop', migrations })));
    const { rows } = await sql<{ n: number }>`select count(*) as n from shop.applied`.execute(open());
    expect(rows).toEqual([{ n: 1 }]);
  });

  it('the record of what was applied lives in the schema of its owner', async () => {
    const { rows } = await sql<{ name: string }>`select name from shop.kysely_migration order by name`.execute(open());
    expect(rows.map((row) => row.name)).toEqual(['0001_table', '0002_row']);
  });

  it('a migration that fails is named and leaves nothing behind', async () => {
    const broken: Migration = {
      up: async (db) => {
        await sql`create table shop.half ()`.execute(db);
        await sql`select no_such_function()`.execute(db);
      },
    };
    const attempt = migrate(open(), { schema: 'shop', migrations: { ...migrations, '0003_broken': broken } });
    await expect(attempt).rejects.toThrow(MigrationError);
    await expect(attempt).rejects.toThrow(/"shop".*0003_broken/);
    const { rows } = await sql<{ half: string | null }>`select to_regclass('shop.half')::text as half`.execute(open());
    expect(rows).toEqual([{ half: null }]);
  });

  it('numbers arrive exact: int8 as number while safe, numeric as text', async () => {
    const { rows } = await sql`select 9007199254740991::int8 as safe, 9007199254740993::int8 as big, 0.100000000001::numeric(38,12) as money`.execute(open());
    expect(rows).toEqual([{ safe: 9007199254740991, big: 9007199254740993n, money: '0.100000000001' }]);
  });
});
