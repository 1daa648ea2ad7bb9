import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { createKysely, createPool, migrate, type Migration } from '@ledgerline/postgres';
import { freshDatabase, type FreshDatabase } from '@ledgerline/testing';
import { type Kysely, sql } from 'kysely';
import { type Actor, adminLogMigration, BY_AN_ACTOR, calledBy, Changes, decimalOf, SYSTEM, transactionOf } from './index.js';

const ANNA: Actor = { type: 'user', id: 'anna', traceId: '0af7651916cd43dd8448eb211c80319c' };

const createTables: Migration = {
  up: async (db) => {
    await sql`create table shop.goods (id uuid primary key default uuidv7(), owner text, price numeric(38, 12), secret text)`.execute(db);
    await sql`create table shop.counts (id int primary key, n int)`.execute(db);
  },
};
const migrations = {
  '0001_tables': createTables,
  '0002_log': adminLogMigration('shop', [
    { table: 'goods', object: 'good', id: 'id', customer: 'owner', shown: ['owner', decimalOf('price')] },
    { table: 'counts', object: 'count', id: 'id', shown: ['n'], changes: [{ on: 'update', when: BY_AN_ACTOR }] },
  ]),
};

describe('the log of administrative changes', () => {
  let database: FreshDatabase;
  let db: Kysely<unknown>;
  let changes: Changes;

  const entries = async () => (await sql<Record<string, unknown>>`select * from shop.published_admin_log order by at, id`.execute(db)).rows;
  const last = async () => (await entries()).at(-1);
  const add = (by: Actor, owner: string) => changes.make(by, (change) => sql`insert into shop.goods (owner, price, secret) values (${owner}, 0.100000000001, 'hunter2')`.execute(transactionOf(change)));

  beforeAll(async () => {
    database = await freshDatabase();
    db = createKysely<unknown>(createPool(database.url, { applicationName: 'spec', max: 3 }));
    await migrate(db, { schema: 'shop', migrations });
    changes = new Changes(db, { schema: 'shop' });
  });
  afterAll(async () => {
    await db.destroy();
    await database.drop();
  });

  it('says who, what, of whom, before and after, in which trace, and no more of it than may be shown', async () => {
    await add(ANNA, 'acme');
    expect(await last()).toMatchObject({ actor_type: 'user', actor: 'anna', action: 'good.created', object_type: 'good', customer_id: 'acme', before: null, after: { owner: 'acme', price: '0.100000000001' }, trace_id: ANNA.traceId });
    await changes.make(ANNA, async (change) => {
      await calledBy(change, 'sold');
      await sql`update shop.goods set owner = 'zeta', secret = 'hunter3'`.execute(transactionOf(change));
    });
    expect(await last()).toMatchObject({ action: 'good.sold', customer_id: 'zeta', before: { owner: 'acme' }, after: { owner: 'zeta' } });
    await changes.make(ANNA, (change) => sql`delete from shop.goods`.execute(transactionOf(change)));
    expect(await last()).toMatchObject({ action: 'good.deleted', customer_id: 'zeta', before: { owner: 'zeta' }, after: null });
    expect(JSON.stringify(await entries())).not.toContain('hunter');
  });

  it('has an entry by the system for what somebody does in the database by hand', async () => {
    await sql`insert into shop.goods (owner, price) values ('by hand', 1)`.execute(db);
    await sql`update shop.goods set price = 2 where owner = 'by hand'`.execute(db);
    const found = (await entries()).slice(-2);
    for (const entry of found) expect(entry).toMatchObject({ actor_type: 'system', actor: 'system', trace_id: null });
    expect(found.map(({ action }) => action)).toEqual(['good.created', 'good.changed']);
  });

  it('has no entry of a change that did not happen, and no change without its entry', async () => {
    const before = await entries();
    const failed = changes.make(ANNA, async (change) => {
      await sql`insert into shop.goods (owner) values ('never')`.execute(transactionOf(change));
      throw new Error('given up');
    });
    await expect(failed).rejects.toThrow('given up');
    expect(await entries()).toEqual(before);
    // A log that cannot be written to lets nothing be changed.
    await sql`alter table shop.admin_log add constraint full_up check (actor <> 'barred')`.execute(db);
    await expect(add({ type: 'key', id: 'barred', traceId: null }, 'acme')).rejects.toThrow('full_up');
    await expect(sql`truncate shop.goods`.execute(db)).rejects.toThrow('logged row by row');
    expect((await sql`select 1 from shop.goods where owner = 'never' or owner = 'acme'`.execute(db)).rows).toEqual([]);
    expect(await entries()).toEqual(before);
  });

  it.each([
    ['changed', sql`update shop.admin_log set actor = 'somebody else'`],
    ['deleted', sql`delete from shop.admin_log`],
    ['deleted all at once', sql`truncate shop.admin_log`],
    ['changed through its view', sql`update shop.published_admin_log set actor = 'somebody else'`],
    ['made up', sql`insert into shop.admin_log (actor_type, actor, action, object_type, object_id) values ('key', 'k', 'good.created', 'good', '1')`],
  ])('no entry can be %s', async (_, statement) => {
    await add(ANNA, 'kept');
    const before = await entries();
    await expect(statement.execute(db)).rejects.toThrow(/append-only|comes from the change itself/);
    expect(await entries()).toEqual(before);
  });

  it("has nothing of what a service changes by itself, where that is no administrator's business", async () => {
    await sql`insert into shop.counts values (1, 1)`.execute(db);
    const before = await entries();
    await sql`update shop.counts set n = 2`.execute(db);
    expect(await entries()).toEqual(before);
    await changes.make(ANNA, (change) => sql`update shop.counts set n = 3`.execute(transactionOf(change)));
    expect(await last()).toMatchObject({ action: 'count.changed', object_id: '1', actor: 'anna', before: { n: 2 }, after: { n: 3 } });
  });

  it('does not leave its actor to whoever gets the connection next', async () => {
    const one = createKysely<unknown>(createPool(database.url, { applicationName: 'spec', max: 1 }));
    await new Changes(one, { schema: 'shop' }).make(ANNA, async () => undefined);
    await sql`insert into shop.goods (owner) values ('after')`.execute(one);
    await one.destroy();
    expect(await last()).toMatchObject({ actor: 'system', customer_id: 'after' });
  });

  it('calls back when a change is committed, and not when it is not', async () => {
    let called = 0;
    await changes.make(SYSTEM, async (change) => change.afterCommit(() => (called += 1)));
    const failed = changes.make(SYSTEM, async (change) => {
      change.afterCommit(() => (called += 1));
      throw new Error('given up');
    });
    await expect(failed).rejects.toThrow('given up');
    expect(called).toBe(1);
  });
});
