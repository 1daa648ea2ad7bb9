import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { freshClickhouse, pricedMessages } from '@ledgerline/testing';
import { type S3Server, startS3Server } from '../test/s3-server.js';
import { archiveFileName, archiveFolder } from './archive-file-name.js';
import { ArchiveFileMissingError, type ArchiveStore } from './archive-store.js';
import { type ArchivedMessage } from './archived-message.js';
import { describeMessage } from './describe-message.js';
import { openArchiveStore } from './open-archive-store.js';
import { encodeParquet } from './parquet-file.js';
import { listArchive, readArchive } from './read-archive.js';
import { writeArchive } from './write-archive.js';

const archivedMessages = (...run: Parameters<typeof pricedMessages>): ArchivedMessage[] => pricedMessages(...run).map(({ sequence, timestampUs, data }) => describeMessage(sequence, timestampUs, data));

let root: string;
let s3: S3Server;
let nth = 0;
beforeAll(async () => {
  root = mkdtempSync(join(tmpdir(), 'ledgerline-archive-'));
  s3 = await startS3Server();
});
afterAll(async () => {
  await s3.stop();
  rmSync(root, { recursive: true, force: true });
});

const all = async (messages: AsyncIterable<ArchivedMessage>): Promise<ArchivedMessage[]> => {
  const read: ArchivedMessage[] = [];
  for await (const message of messages) read.push(message);
  return read;
};
const bodies = (messages: readonly ArchivedMessage[]) => messages.map(({ sequence, timestampUs, data }) => ({ sequence, timestampUs, data: Buffer.from(data).toString('base64') }));

describe.each([
  ['a folder', () => openArchiveStore(pathToFileURL(join(root, `archive ${++nth}`)).href)],
  ['an S3-compatible store', () => openArchiveStore(`s3://${s3.bucket}/some/place-${++nth}`, s3.environment)],
])('an archive in %s', (_, open: () => ArchiveStore) => {
  let store: ArchiveStore;
  beforeEach(() => {
    store = open();
  });

  it('gives files back as they were, lists them sorted, and replaces one that is written again', async () => {
    const folder = archiveFolder(1, 0);
    await store.put(`${folder}b`, Buffer.from('two'));
    await store.put(`${folder}a`, Buffer.alloc(3_000_000, 7));
    await store.put(`${folder}b`, Buffer.from('three'));
    expect(await store.list(folder)).toEqual([`${folder}a`, `${folder}b`]);
    expect(Buffer.from(await store.get(`${folder}b`)).toString()).toBe('three');
    expect(Buffer.from(await store.get(`${folder}a`)).equals(Buffer.alloc(3_000_000, 7))).toBe(true);
  });

  it('is empty before anything was written, and names a file that is missing', async () => {
    expect(await store.list(archiveFolder(1, 0))).toEqual([]);
    await expect(store.get('priced/g1/p0/none')).rejects.toThrow(ArchiveFileMissingError);
    expect(await all(readArchive(store, 1, 0, 1))).toEqual([]);
  });

  it('is read in order from any sequence, across files, of one partition alone', async () => {
    const messages = archivedMessages(1, 1, 30);
    for (const [from, to] of [[1, 10], [11, 11], [12, 30]] as const) await writeArchive(store, 1, 1, messages.slice(from - 1, to));
    await writeArchive(store, 1, 11, archivedMessages(11, 1, 3));
    await writeArchive(store, 2, 1, archivedMessages(1, 1, 3));
    for (const from of [1, 2, 10, 11, 12, 30, 31]) expect(bodies(await all(readArchive(store, 1, 1, from)))).toEqual(bodies(messages.slice(from - 1)));
  });

  it('reads past files that a crash left behind, without repeating or missing a message', async () => {
    const messages = archivedMessages(0, 1, 20);
    for (const [from, to] of [[1, 5], [1, 12], [6, 8], [9, 15], [13, 20]] as const) await writeArchive(store, 1, 0, messages.slice(from - 1, to));
    expect(bodies(await all(readArchive(store, 1, 0, 1)))).toEqual(bodies(messages));
  });

  it('says which message no file holds, and which file is damaged', async () => {
    const messages = archivedMessages(0, 1, 9);
    await writeArchive(store, 1, 0, messages.slice(0, 3));
    const { name } = await writeArchive(store, 1, 0, messages.slice(4, 9));
    await expect(all(readArchive(store, 1, 0, 1))).rejects.toThrow(`no file holds message 4; the next is ${name}`);
    await store.put(archiveFileName({ generation: 1, partition: 0, from: 4, to: 4 }), encodeParquet({ generation: 1, partition: 0 }, archivedMessages(0, 5, 5)));
    await expect(all(readArchive(store, 1, 0, 1))).rejects.toThrow('0000000000000004-0000000000000004.parquet: message 5 stands where 4 was expected');
  });

  it('whose sources do not follow each other is refused', async () => {
    await writeArchive(store, 1, 0, archivedMessages(0, 1, 2));
    const shifted = archivedMessages(0, 4, 4).map((message) => ({ ...message, sequence: 3 }));
    await writeArchive(store, 1, 0, shifted);
    await expect(all(readArchive(store, 1, 0, 1))).rejects.toThrow('no file holds message 3; the next is one whose sources begin at 4, after 2');
  });
});

describe('what a writer leaves', () => {
  it('in a folder is the finished file alone', async () => {
    const folder = join(root, 'finished');
    const { name } = await writeArchive(openArchiveStore(pathToFileURL(folder).href), 1, 0, archivedMessages(0, 1, 3));
    expect(readdirSync(join(folder, archiveFolder(1, 0)))).toEqual([name.split('/').at(-1)]);
    expect(await listArchive(openArchiveStore(pathToFileURL(folder).href), 1, 0)).toEqual([{ generation: 1, partition: 0, from: 1, to: 3, name }]);
  });

  it('is never a run with a hole, or nothing', async () => {
    const store = openArchiveStore(pathToFileURL(join(root, 'holes')).href);
    const messages = archivedMessages(0, 1, 3);
    await expect(writeArchive(store, 1, 0, [messages[0]!, messages[2]!])).rejects.toThrow('message 3 stands where 2 was expected');
    await expect(writeArchive(store, 1, 0, [])).rejects.toThrow('at least one message');
  });

  it('is Parquet that another program reads: ClickHouse finds the same columns and bytes', async () => {
    const clickHouse = await freshClickhouse();
    try {
      await clickHouse.query(
        "CREATE TABLE archived (generation Int32, partition Int32, priced_sequence Int64, priced_at DateTime64(6, 'UTC'), source_from Int64, source_to Int64, recorded_from DateTime64(6, 'UTC'), recorded_to DateTime64(6, 'UTC'), events Int32, crc32 Int64, envelope String) ENGINE = Memory",
      );
      const messages = archivedMessages(2, 8, 10);
      const url = new URL(clickHouse.url);
      const answer = await fetch(`${url.origin}/?query=${encodeURIComponent('INSERT INTO archived FORMAT Parquet')}`, {
        method: 'POST',
        headers: { 'X-ClickHouse-User': url.username, 'X-ClickHouse-Key': url.password, 'X-ClickHouse-Database': clickHouse.database, Connection: 'close' },
        body: Buffer.from(encodeParquet({ generation: 1, partition: 2 }, messages)),
      });
      expect([answer.status, await answer.text()]).toEqual([200, '']);
      const rows = await clickHouse.query('SELECT priced_sequence, toUnixTimestamp64Micro(priced_at), source_to, events, CRC32(envelope) = crc32, base64Encode(envelope) FROM archived ORDER BY priced_sequence');
      expect(rows.trim().split('\n')).toEqual(messages.map(({ sequence, timestampUs, sourceTo, events, data }) => [sequence, timestampUs, sourceTo, events, 1, Buffer.from(data).toString('base64')].join('\t')));
    } finally {
      await clickHouse.drop();
    }
  });
});

describe('the address of an archive', () => {
  it.each([
    ['archive', 'ARCHIVE_URL: it is no URL; expected file:///FOLDER or s3://BUCKET/PREFIX'],
    ['https://host/bucket', '"https:" is not known'],
    ['s3:///prefix', 'the bucket is missing'],
    ['file://host/folder', '"host" is not on this machine'],
    ['s3://key:secret@bucket', 'keys belong in AWS_ACCESS_KEY_ID'],
  ])('%s is refused with what was expected', (url, message) => {
    expect(() => openArchiveStore(url)).toThrow(message);
  });

  it('is told without keys', () => {
    expect(openArchiveStore('s3://bucket/a/b/', { AWS_ACCESS_KEY_ID: 'id', AWS_SECRET_ACCESS_KEY: 'secret' }).location).toBe('s3://bucket/a/b/');
  });
});
