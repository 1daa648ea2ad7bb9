import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { createKysely, createPool, migrate, type Migration } from '@ledgerline/postgres';
import { freshDatabase, type FreshDatabase } from '@ledgerline/testing';
import { type FastifyRequest } from 'fastify';
import { type Kysely, sql } from 'kysely';
import { type Change, Changes, type ChangesOptions, idempotencyMigration, transactionOf } from '../index.js';

const createDone: Migration = { up: async (db) => void (await sql`create table shop.done (id int generated always as identity, name text)`.execute(db)) };

describe('a change that is asked for again', () => {
  let database: FreshDatabase;
  let db: Kysely<unknown>;
  let keys = 0;

  const changes = (options: Partial<ChangesOptions> = {}) => new Changes(db, { schema: 'shop', sealingSecret: 'server secret', ...options });
  const request = (key: string, rest: object = {}) => ({ headers: { 'idempotency-key': key }, method: 'POST', url: '/v1/things', body: { name: 'a' }, principal: { kind: 'key', keyId: 'k' }, trace: null, ...rest }) as unknown as FastifyRequest;
  const enter = (change: Change) => sql<{ id: number; name: string }>`insert into shop.done (name) values ('entered') returning id, name`.execute(transactionOf(change)).then(({ rows }) => rows[0]!);
  const count = async () => (await sql<{ n: number }>`select count(*)::int as n from shop.done`.execute(db)).rows[0]!.n;
  const newKey = () => `key ${keys++}`;
  const problem = (status: number, code: string) => expect.objectContaining({ status, code });

  beforeAll(async () => {
    database = await freshDatabase();
    db = createKysely<unknown>(createPool(database.url, { applicationName: 'spec', max: 12 }));
    await migrate(db, { schema: 'shop', migrations: { '0001': createDone, '0002': idempotencyMigration('shop') } });
  });
  afterAll(async () => {
    await db.destroy();
    await database.drop();
  });

  it.each([false, true])('is made once and answered alike, alone or by many at the same time (answer with a secret: %s)', async (secret) => {
    const key = newKey();
    const before = await count();
    const answers = await Promise.all(Array.from({ length: 20 }, () => changes().once(request(key), enter, secret)));
    expect(new Set(answers.map((answer) => JSON.stringify(answer))).size).toBe(1);
    expect(await changes().once(request(key), enter, secret)).toEqual(answers[0]);
    expect(await count()).toBe(before + 1);
  });

  it.each([{ body: { name: 'b' } }, { url: '/v1/others' }, { method: 'PUT' }])('with something else in it is refused: %j', async (other) => {
    const key = newKey();
    await changes().once(request(key), enter);
    const before = await count();
    await expect(changes().once(request(key, other), enter)).rejects.toEqual(problem(422, 'idempotency_key_reused'));
    expect(await count()).toBe(before);
  });

  it('by somebody else is another one', async () => {
    const key = newKey();
    const mine = await changes().once(request(key), enter);
    for (const principal of [{ kind: 'key', keyId: 'another' }, { kind: 'user', keyId: 'k' }]) expect(await changes().once(request(key, { principal }), enter)).not.toEqual(mine);
  });

  it('after it failed is made', async () => {
    const key = newKey();
    await expect(changes().once(request(key), async (change) => enter(change).then(() => Promise.reject(new Error('no'))))).rejects.toThrow('no');
    const before = await count();
    await changes().once(request(key), enter);
    expect(await count()).toBe(before + 1);
  });

  it('while the first is under way longer than anybody waits is refused, and changes nothing', async () => {
    const key = newKey();
    let end = (): void => undefined;
    let first: Promise<object> | undefined;
    await new Promise<void>((inside, failed) => {
      first = changes().once(request(key), async (change) => {
        inside();
        await new Promise<void>((resolve) => (end = resolve));
        return enter(change);
      });
      first.catch(failed);
    });
    await expect(changes({ waitMs: 50 }).once(request(key), enter).finally(() => end())).rejects.toEqual(problem(409, 'idempotency_key_in_use'));
    expect(await changes().once(request(key), enter)).toEqual(await first);
  });

  it('a day later is another one, and what was kept is gone', async () => {
    const [key, forgotten] = [newKey(), newKey()];
    const first = await changes().once(request(key), enter);
    await changes().once(request(forgotten), enter);
    await sql`update shop.idempotent_answers set made_at = made_at - interval '24 hours 1 second'`.execute(db);
    expect(await changes().once(request(key), enter)).not.toEqual(first);
    expect((await sql`select * from shop.idempotent_answers`.execute(db)).rows).toHaveLength(1);
  });

  it('whose answer had a secret in it is kept sealed, without its key', async () => {
    const key = `key of the caller ${newKey()}`;
    await changes().once(request(key), async () => ({ secret: 'hunter2' }), true);
    const { rows } = await sql<{ sealed: Buffer }>`select *, encode(sealed, 'escape') as text from shop.idempotent_answers where sealed is not null`.execute(db);
    expect(rows).toHaveLength(1);
    for (const text of [JSON.stringify(rows), rows[0]!.sealed.toString('latin1')]) expect(text).not.toMatch(/hunter2|key of the caller/);
    expect(await changes().once(request(key), enter, true)).toEqual({ secret: 'hunter2' });
  });

  it.each([['another secret', 'another'], ['no secret', undefined]])('whose answer cannot be opened, as the server has %s, is not made again', async (_, sealingSecret) => {
    const key = newKey();
    await changes().once(request(key), enter, true);
    const before = await count();
    await expect(changes({ sealingSecret }).once(request(key), enter, true)).rejects.toEqual(problem(409, 'idempotent_answer_lost'));
    expect(await count()).toBe(before);
  });

  it.each(['', 'x'.repeat(256), 'ä', ['a', 'b']])('is asked for by a key that is one, which %j is not', async (key) => {
    await expect(changes().once(request('', { headers: { 'idempotency-key': key } }), enter)).rejects.toEqual(problem(400, 'bad_header'));
  });

  it('without a key is made each time', async () => {
    const before = await count();
    for (let i = 0; i < 2; i++) await changes().once(request('', { headers: {} }), enter);
    expect(await count()).toBe(before + 2);
  });
});
