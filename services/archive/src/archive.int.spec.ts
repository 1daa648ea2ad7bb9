import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { jetstream, jetstreamManager } from '@nats-io/jetstream';
import { ensureStreams, streamOf } from '@ledgerline/messaging';
import { LeaseLostError } from '@ledgerline/postgres';
import { freshDatabase, type FreshDatabase, freshNats, type FreshNats, pricedBytes, pricedMessages, runOf } from '@ledgerline/testing';
import { sql } from 'kysely';
import { ArchiveRig, DAY_MS } from '../test/archive-rig.js';

const CLAIM = { partition: 0, epoch: 1 };
const always = (): boolean => true;

let nats: FreshNats;
let database: FreshDatabase;
let rig: ArchiveRig;
beforeAll(async () => {
  nats = await freshNats();
});
afterAll(() => nats.stop());
beforeEach(async () => {
  database = await freshDatabase();
  rig = await ArchiveRig.open(nats.url, database.url);
});
afterEach(async () => {
  const jsm = await jetstreamManager(rig.nc);
  for (const kind of ['USAGE', 'PRICED'] as const) for (const partition of [0, 1]) await jsm.streams.delete(streamOf(kind, 1, partition).stream);
  await rig.close();
  await database.drop();
});

const files = async () => (await sql<{ from: number; to: number }>`select first_sequence as from, last_sequence as to from archive.published_files where partition = 0 order by 1`.execute(rig.db)).rows;
const progress = async () => (await sql<Record<string, number>>`select * from archive.published_progress where partition = 0`.execute(rig.db)).rows[0];

describe('archiving', () => {
  it('keeps every PRICED message byte for byte with its time, in files closed by size', async () => {
    await rig.publish(0, pricedMessages(0, 1, 40));
    const { data } = (await rig.stored(0))[0]!;
    const checkpoint = await rig.archive({ maxBytes: 15 * Buffer.from(data, 'base64').length }).execute(CLAIM, always);
    expect(checkpoint?.sequence).toBe(40);
    expect((await files()).length).toBeGreaterThan(2);
    expect(await rig.archived(0)).toEqual(await rig.stored(0));
    expect(await rig.archived(0)).toHaveLength(40);
  });

  it('waits for a file to fill or to grow old, by the clock that it is given', async () => {
    await rig.publish(0, pricedMessages(0, 1, 5));
    const archive = rig.archive({ maxAgeMs: 60 * 60 * 1000 });
    await archive.execute(CLAIM, always);
    expect(await files()).toEqual([]);
    rig.aheadMs = 61 * 60 * 1000;
    await archive.execute(CLAIM, always);
    expect(await files()).toEqual([{ from: 1, to: 5 }]);
    await rig.publish(0, pricedMessages(0, 6, 7));
    rig.aheadMs = 0;
    await archive.execute(CLAIM, always);
    expect(await files()).toEqual([{ from: 1, to: 5 }]);
  });

  it('that ended between the file and its checkpoint does it again, and readers see each message once', async () => {
    await rig.publish(0, pricedMessages(0, 1, 3));
    await rig.archive().execute(CLAIM, always);
    await rig.publish(0, pricedMessages(0, 4, 8));
    const dying = Object.assign(Object.create(rig.ledger) as typeof rig.ledger, { recordFile: () => Promise.reject(new Error('killed')) });
    await expect(rig.archive({ ledger: dying }).execute(CLAIM, always)).rejects.toThrow('killed');
    await rig.publish(0, pricedMessages(0, 9, 12));
    await rig.archive().execute(CLAIM, always);
    expect(await files()).toEqual([{ from: 1, to: 3 }, { from: 4, to: 12 }]);
    expect(await rig.store.list('priced/g1/p0/')).toHaveLength(3);
    expect(await rig.archived(0)).toEqual(await rig.stored(0));
  });

  it('under a lease that moved on records nothing', async () => {
    await rig.publish(0, pricedMessages(0, 1, 3));
    await expect(rig.archive().execute({ partition: 0, epoch: 0 }, always)).rejects.toThrow(LeaseLostError);
    expect(await progress()).toBeUndefined();
  });

  it('finds its files again when its own tables are lost, though the log is trimmed', async () => {
    await rig.publish(0, pricedMessages(0, 1, 10));
    await rig.archive().execute(CLAIM, always);
    for (const schema of ['aggregation', 'quota'] as const) await rig.reached(schema, 0, 10);
    rig.aheadMs = 40 * DAY_MS;
    await rig.trim().execute(CLAIM);
    await sql`truncate archive.partitions, archive.files`.execute(rig.db);
    await rig.publish(0, pricedMessages(0, 11, 12));
    await rig.archive().execute(CLAIM, always);
    expect((await rig.archived(0)).map(({ sequence }) => sequence)).toEqual(Array.from({ length: 12 }, (_, i) => i + 1));
    expect(await progress()).toMatchObject({ archived_sequence: 12, oldest_archived_sequence: 1 });
  });

  it('stops when the stream is another than the one it read', async () => {
    await rig.publish(0, pricedMessages(0, 1, 4));
    await rig.archive().execute(CLAIM, always);
    const jsm = await jetstreamManager(rig.nc);
    await jsm.streams.delete(streamOf('PRICED', 1, 0).stream);
    await ensureStreams(rig.nc, { generation: 1, partitions: 2, maxBytes: 64 * 1024 ** 2, kinds: ['PRICED'] });
    await rig.publish(0, pricedMessages(0, 1, 6));
    await expect(rig.archive().execute(CLAIM, always)).rejects.toThrow('it is the stream ');
    await expect(rig.trim().execute(CLAIM)).rejects.toThrow('it is the stream ');
  });
});

describe('trimming', () => {
  const archivedLongAgo = async (): Promise<void> => {
    await rig.publish(0, pricedMessages(0, 1, 10));
    await rig.archive().execute(CLAIM, always);
    await rig.publish(0, pricedMessages(0, 11, 20));
    await rig.archive().execute(CLAIM, always);
    rig.aheadMs = 200 * DAY_MS;
  };

  it('leaves the last message of each stream, and what is gone is in the archive byte for byte', async () => {
    await archivedLongAgo();
    for (const schema of ['aggregation', 'quota'] as const) await rig.reached(schema, 0, 20);
    const before = await rig.stored(0);
    await rig.trim().execute(CLAIM);
    expect(await rig.spans(0)).toEqual({ priced: [20, 20], usage: [20, 20] });
    expect(await rig.archived(0)).toEqual(before);
    expect(await progress()).toMatchObject({ trimmed_before_sequence: 20, usage_trimmed_before_sequence: 20, archived_source_to: 20, oldest_archived_sequence: 1 });
    await rig.publish(0, pricedMessages(0, 21, 22));
    await rig.archive().execute(CLAIM, always);
    expect((await rig.archived(0, 20)).map(({ sequence }) => sequence)).toEqual([20, 21, 22]);
  });

  it('leaves the only message of a stream while the other one is trimmed', async () => {
    const runs = Array.from({ length: 10 }, (_, i) => runOf(0, i + 1, [{}]));
    await rig.publish(0, [{ data: pricedBytes(0, runs) }]);
    for (let n = 1; n < 10; n++) await jetstream(rig.nc).publish(streamOf('USAGE', 1, 0).subject, Buffer.from('usage'));
    await rig.archive().execute(CLAIM, always);
    rig.aheadMs = 200 * DAY_MS;
    for (const schema of ['aggregation', 'quota'] as const) await rig.reached(schema, 0, 1);
    await rig.trim().execute(CLAIM);
    expect(await rig.spans(0)).toEqual({ priced: [1, 1], usage: [10, 10] });
  });

  it.each(['aggregation', 'quota'] as const)('never passes what %s has not done with', async (slow) => {
    await archivedLongAgo();
    for (const schema of ['aggregation', 'quota'] as const) await rig.reached(schema, 0, schema === slow ? 13 : 20);
    await rig.trim().execute(CLAIM);
    expect(await rig.spans(0)).toEqual({ priced: [11, 20], usage: [11, 20] });
  });

  it('removes nothing while a projection has never been seen', async () => {
    await archivedLongAgo();
    await rig.reached('aggregation', 0, 20);
    await rig.trim().execute(CLAIM);
    await sql`drop table quota.published_progress`.execute(rig.db);
    await rig.trim().execute(CLAIM);
    expect(await rig.spans(0)).toEqual({ priced: [1, 20], usage: [1, 20] });
  });

  it('never passes what the idempotency index publishes, once it does', async () => {
    await archivedLongAgo();
    for (const schema of ['aggregation', 'quota'] as const) await rig.reached(schema, 0, 20);
    await sql`create schema pricing`.execute(rig.db);
    await sql`create table pricing.published_progress as select 1 as generation, 0 as partition, priced_sequence from (values (20::bigint), (12)) v (priced_sequence)`.execute(rig.db);
    await rig.trim().execute(CLAIM);
    expect((await rig.spans(0)).priced).toEqual([11, 20]);
  });

  it('never passes a backup that must stay restorable, and keeps all of a partition that a backup does not name', async () => {
    await archivedLongAgo();
    for (const schema of ['aggregation', 'quota'] as const) await rig.reached(schema, 0, 20);
    await sql`insert into archive.backups (name, positions) values ('monday', '{"1/1": 500}')`.execute(rig.db);
    await rig.trim().execute(CLAIM);
    expect((await rig.spans(0)).priced).toEqual([1, 20]);
    await sql`update archive.backups set positions = '{"1/0": 15}'`.execute(rig.db);
    await rig.trim().execute(CLAIM);
    expect((await rig.spans(0)).priced).toEqual([11, 20]);
    await sql`delete from archive.backups`.execute(rig.db);
    await rig.trim().execute(CLAIM);
    expect((await rig.spans(0)).priced).toEqual([20, 20]);
  });

  it('keeps what is younger than the retention, and what is not archived', async () => {
    await archivedLongAgo();
    await rig.publish(0, pricedMessages(0, 21, 25));
    for (const schema of ['aggregation', 'quota'] as const) await rig.reached(schema, 0, 25);
    rig.aheadMs = 34 * DAY_MS;
    await rig.trim().execute(CLAIM);
    expect((await rig.spans(0)).priced).toEqual([1, 25]);
    rig.aheadMs = 36 * DAY_MS;
    await rig.trim().execute(CLAIM);
    expect((await rig.spans(0)).priced).toEqual([21, 25]);
  });

  it('that was decided but not carried out is carried out in the next turn', async () => {
    await archivedLongAgo();
    await rig.ledger.recordTrim(CLAIM, { pricedBefore: 11, usageBefore: 11 });
    expect((await rig.spans(0)).priced).toEqual([1, 20]);
    await rig.trim().execute(CLAIM);
    expect(await rig.spans(0)).toEqual({ priced: [11, 20], usage: [11, 20] });
  });
});
