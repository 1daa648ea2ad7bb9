import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { freshDatabase, type FreshDatabase } from '@ledgerline/testing';
import { isConnectionError } from './connect-retry.js';
import { createPool } from './pool.js';

const ANSWER_WITHIN_MS = 200;
const LONGER_S = 0.5;

describe('a pool with a limit for answers', () => {
  let database: FreshDatabase;
  beforeAll(async () => {
    database = await freshDatabase();
  });
  afterAll(() => database.drop());

  it('ends a connection that does not answer in time, as if the server were away, and goes on with another', async () => {
    const pool = createPool(database.url, { applicationName: 'spec', max: 1, answerWithinMs: ANSWER_WITHIN_MS });
    const failure = await pool.query('select pg_sleep(600)').catch((error: unknown) => error);
    expect(failure).toMatchObject({ message: 'Postgres did not answer within 200 ms' });
    expect(isConnectionError(failure)).toBe(true);
    expect((await pool.query('select 1 as one')).rows).toEqual([{ one: 1 }]);
    await pool.end();
  });

  it('leaves a connection alone that nothing was asked on, however long its transaction waits for other work', async () => {
    const pool = createPool(database.url, { applicationName: 'spec', max: 1, answerWithinMs: ANSWER_WITHIN_MS });
    const other = createPool(database.url, { applicationName: 'spec', max: 1 });
    const client = await pool.connect();
    await client.query('begin');
    await other.query('select pg_sleep($1)', [LONGER_S]);
    expect((await client.query('select 1 as one')).rows).toEqual([{ one: 1 }]);
    client.release();
    await Promise.all([pool.end(), other.end()]);
  });
});
