import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { jetstream } from '@nats-io/jetstream';
import { connectNats, streamOf } from '@ledgerline/messaging';
import { createKysely, createPool } from '@ledgerline/postgres';
import { eventually, freshDatabase, type FreshDatabase, freshNats, type FreshNats, pricedMessages, startService } from '@ledgerline/testing';
import { sql } from 'kysely';

let nats: FreshNats;
let database: FreshDatabase;
const folder = mkdtempSync(join(tmpdir(), 'ledgerline-archive-'));
beforeAll(async () => {
  [nats, database] = await Promise.all([freshNats(), freshDatabase()]);
});
afterAll(async () => {
  await nats.stop();
  await database.drop();
  rmSync(folder, { recursive: true, force: true });
});

describe('the archive service', () => {
  it('archives all partitions, is killed and started again, and goes on where it was', async () => {
    const env = {
      NATS_URL: nats.url,
      DATABASE_URL: database.url,
      PARTITIONS: '2',
      LEASE_TTL_MS: '1000',
      ARCHIVE_URL: pathToFileURL(folder).href,
      ARCHIVE_EVERY_MS: '100',
      ARCHIVE_FILE_MAX_AGE_MS: '0',
      STREAM_MAX_BYTES: String(64 * 1024 ** 2),
    };
    const db = createKysely(createPool(database.url, { applicationName: 'archive-service-spec', max: 2 }));
    const nc = await connectNats(nats.url, 'archive-service-spec');
    const archived = async (): Promise<number[]> =>
      (await sql<{ archived_sequence: number }>`select archived_sequence from archive.published_progress order by partition`.execute(db)).rows.map((row) => row.archived_sequence);
    const publish = async (partition: number, from: number, to: number): Promise<void> => {
      for (const { data } of pricedMessages(partition, from, to)) await jetstream(nc).publish(streamOf('PRICED', 1, partition).subject, data);
    };
    let service = await startService('archive', env);
    try {
      await publish(0, 1, 5);
      await publish(1, 1, 3);
      await eventually(async () => expect(await archived()).toEqual([5, 3]));
      service.kill('SIGKILL');
      await service.exited;
      await publish(0, 6, 9);
      service = await startService('archive', env);
      await eventually(async () => expect(await archived()).toEqual([9, 3]));
      expect(readdirSync(join(folder, 'priced/g1/p0')).at(-1)).toMatch(/-0000000000000009\.parquet$/);
      await eventually(async () => expect(await (await fetch(`${service.url}/metrics`)).text()).toMatch(/ledgerline_archive_archived_sequence\{[^}]*partition="0"[^}]*\} 9/));
      expect((await service.stop()).code).toBe(0);
    } finally {
      await service.stop();
      await nc.close();
      await db.destroy();
    }
  });
});
