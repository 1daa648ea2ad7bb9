import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { jetstreamManager, type JetStreamManager } from '@nats-io/jetstream';
import { connect, type NatsConnection } from '@nats-io/transport-node';
import { eventually, type RunningService, startService } from '@ledgerline/testing';
import { Services } from '../../test/services.js';

const services = new Services();
const folder = mkdtempSync(join(tmpdir(), 'archive-'));
const archiveUrl = pathToFileURL(folder).href;
let archive: RunningService | undefined;
let nats: NatsConnection;
let jsm: JetStreamManager;

beforeAll(async () => {
  await services.start(2);
  archive = await startService('archive', { ...services.env, ARCHIVE_URL: archiveUrl, ARCHIVE_EVERY_MS: '200', ARCHIVE_FILE_MAX_AGE_MS: '0' });
  nats = await connect({ servers: services.env.NATS_URL! });
  jsm = await jetstreamManager(nats);
}, 60_000);

afterAll(async () => {
  await archive?.stop();
  await nats.close();
  await services.stop();
  rmSync(folder, { recursive: true });
}, 60_000);

const events = (from: number, count: number): object[] => [...Array(count).keys()].map((n) => ({ id: `e${from + n}`, customer_id: 'acme', provider: 'openai', model: 'gpt-4', usage: { input_tokens: n } }));

/** Waits until the archive has all of PRICED, then leaves only the last message of each stream. */
async function trimAll(): Promise<void> {
  for (const partition of [0, 1]) {
    const last = async (): Promise<number> => (await jsm.streams.info(`PRICED_g1_p${partition}`)).state.last_seq;
    await eventually(
      async () => {
        const { rows } = await services.postgres.query<{ archived: number }>('SELECT archived_sequence::int AS archived FROM archive.published_progress WHERE partition = $1', [partition]);
        expect(rows[0]?.archived).toBe(await last());
      },
      { timeoutMs: 20_000 },
    );
    await jsm.streams.purge(`PRICED_g1_p${partition}`, { seq: await last() });
    await jsm.streams.purge(`USAGE_g1_p${partition}`);
  }
}

async function audited(...args: string[]): Promise<{ code: number; report?: { exact: boolean; coverage: string; events: string; partitions: { priced_from: number }[] } }> {
  const { code, output } = await services.cli(['audit', '--json', ...args], { ARCHIVE_URL: archiveUrl });
  return { code, report: output === '' ? undefined : JSON.parse(output) };
}

describe('audit --deep', () => {
  it('walks the whole log, the archive first, where the streams hold only its end', async () => {
    // Several messages a partition, so that the archive and the stream both have some.
    for (const from of [0, 20, 40]) {
      await services.send(events(from, 20));
      await eventually(async () => expect((await audited('--full')).report).toMatchObject({ exact: true, events: String(from + 20) }), { timeoutMs: 20_000 });
    }
    await trimAll();
    await services.send(events(60, 20));
    await eventually(async () => expect((await audited()).report).toMatchObject({ exact: true, coverage: 'baseline', events: '80' }), { timeoutMs: 20_000 });
    await services.postgres.query('DELETE FROM audit.seals');
    expect((await audited('--full')).report).toMatchObject({ exact: true, coverage: 'range' });
    const deep = await audited('--deep');
    expect(deep).toMatchObject({ code: 0, report: { exact: true, coverage: 'whole', events: '80', partitions: [{ priced_from: 1 }, { priced_from: 1 }] } });
  }, 60_000);

  it('cannot run, and says so, where the archive is not what it says or not known', async () => {
    const file = readdirSync(folder, { recursive: true, encoding: 'utf8' }).find((name) => name.endsWith('.parquet'))!;
    await archive!.stop();
    archive = undefined;
    writeFileSync(join(folder, file), 'no archive file');
    expect(await audited('--deep')).toMatchObject({ code: 2 });
    expect(await services.cli(['audit', '--deep'])).toMatchObject({ code: 2 });
  });
});
