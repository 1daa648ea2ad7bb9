import { afterAll, describe, expect, it } from '@jest/globals';
import { jetstream, jetstreamManager } from '@nats-io/jetstream';
import { connect } from '@nats-io/transport-node';
import pg from 'pg';
import { eventually, freshClickhouse, freshDatabase, freshNats } from './index.js';

describe('the servers of a test run', () => {
  const ends: (() => Promise<void>)[] = [];
  afterAll(async () => {
    for (const end of ends) await end();
  });

  it('gives every caller an empty Postgres database of its own', async () => {
    const [one, two] = await Promise.all([freshDatabase(), freshDatabase()]);
    ends.push(one.drop, two.drop);
    for (const { url } of [one, two]) {
      const client = new pg.Client({ connectionString: url });
      await client.connect();
      await client.query('CREATE TABLE only_here (id int)');
      await client.end();
    }
  });

  it('gives every caller an empty ClickHouse database of its own', async () => {
    const [one, two] = await Promise.all([freshClickhouse(), freshClickhouse()]);
    ends.push(one.drop, two.drop);
    for (const { query } of [one, two]) {
      await query('CREATE TABLE only_here (id UInt64) ENGINE = MergeTree ORDER BY id');
      await query('INSERT INTO only_here SELECT number FROM numbers(10)');
      expect(await query('SELECT count() FROM only_here')).toBe('10\n');
    }
  });

  it('refuses the ClickHouse user of the services everything outside its databases', async () => {
    const { query, drop } = await freshClickhouse();
    ends.push(drop);
    await expect(query('CREATE DATABASE elsewhere')).rejects.toThrow('ACCESS_DENIED');
  });

  it('keeps every acknowledged message of a broker that is killed', async () => {
    const nats = await freshNats();
    ends.push(nats.stop);
    const connection = await connect({ servers: nats.url, reconnectTimeWait: 50, maxReconnectAttempts: -1 });
    ends.unshift(() => connection.close());
    const manager = await jetstreamManager(connection, { timeout: 500 });
    await manager.streams.add({ name: 'KEPT', subjects: ['kept'] });
    const { seq } = await jetstream(connection).publish('kept', 'one');
    await nats.kill9();
    await nats.restart();
    const state = await eventually(async () => (await manager.streams.info('KEPT')).state);
    expect(state.last_seq).toBe(seq);
  });
});
