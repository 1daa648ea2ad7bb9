import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { jetstream } from '@nats-io/jetstream';
import { correctionSubject, Outcome, type PricedRun, pricedSubject, usageSubject } from '@ledgerline/contracts';
import { connectNats, ensureStreams, type NatsConnection, publishEnvelope } from '@ledgerline/messaging';
import {
  call,
  correctionRunOf,
  type CorrectionSpec,
  freshClickhouse,
  type FreshClickhouse,
  freshDatabase,
  type FreshDatabase,
  freshNats,
  type FreshNats,
  garbageRun,
  pricedBytes,
  RECORDED_AT_US,
  type RunningAccounts,
  type RunningService,
  runOf,
  startAccounts,
  startService,
} from '@ledgerline/testing';

const PARTITIONS = 2;
const ZEROS = '00000000-0000-0000-0000-000000000000';

let nats: FreshNats;
let database: FreshDatabase;
let clickHouse: FreshClickhouse;
let nc: NatsConnection;
let accounts: RunningAccounts;
let services: RunningService[] = [];
let api: string;

/** Publishes a message and what pricing makes of it; both positions are the next of the partition. */
async function record(partition: number, run: PricedRun): Promise<void> {
  const subject = run.correction ? correctionSubject(1, partition) : usageSubject(1, partition);
  await publishEnvelope(jetstream(nc), subject, run.usage, { timeoutMs: 5_000 });
  await publishEnvelope(jetstream(nc), pricedSubject(1, partition), pricedBytes(partition, [run]), { timeoutMs: 5_000 });
}

const last = [0, 0];
const next = (partition: number): number => (last[partition] = last[partition]! + 1);
const hourUs = (hours: number): number => RECORDED_AT_US + hours * 3_600_000_000;

/** Somebody discards or releases what lies there. */
async function resolve(partition: number, correction: Partial<CorrectionSpec>): Promise<void> {
  await record(partition, correctionRunOf(partition, next(partition), [{ usageId: ZEROS, requestedBy: 'key-9', reason: '', ...correction }]));
}

interface Item {
  id: string;
  [field: string]: unknown;
}

const get = async <T = { data: Item[]; next_cursor: string | null }>(path: string): Promise<T> => (await call(api, 'GET', path)).body as T;
const open = (query = '') => get(`/v1/quarantine?consistency=strong${query}`);
const ids = ({ data }: { data: Item[] }): string[] => data.map(({ id }) => id);

beforeAll(async () => {
  [nats, database, clickHouse] = await Promise.all([freshNats(), freshDatabase(), freshClickhouse()]);
  nc = await connectNats(nats.url, 'quarantine-spec');
  await ensureStreams(nc, { generation: 1, partitions: PARTITIONS, maxBytes: 64 * 1024 ** 2, kinds: ['USAGE', 'PRICED', 'QUOTA'] });
  const environment = {
    NATS_URL: nats.url,
    DATABASE_URL: database.url,
    CLICKHOUSE_URL: clickHouse.url,
    PARTITIONS: String(PARTITIONS),
    AGGREGATION_SHARDS: '2',
    STREAM_MAX_BYTES: String(64 * 1024 ** 2),
    LEASE_TTL_MS: '1500',
  };
  accounts = await startAccounts(environment);
  services.push(accounts.service, await startService('aggregation', environment));
  const readApi = await startService('read-api', environment);
  services.push(readApi);
  api = readApi.url;
  const conflict = { outcome: Outcome.quarantined, reason: { code: 'conflict', detail: 'another body' } };
  const late = { outcome: Outcome.late, reason: { code: 'older_than_stored', detail: 'from 2024' } };
  await record(0, runOf(0, next(0), [{}, { ...conflict, id: 'twice', usage: { input_tokens: 7, seconds: '1.5' } }, { ...conflict, customer: 'zeta' }], hourUs(0)));
  await record(1, runOf(1, next(1), [late, { ...late, customer: 'zeta' }], hourUs(1)));
  await record(0, { ...garbageRun(next(0), Buffer.from('garbage')), recordedAtUs: hourUs(2) });
}, 90_000);

afterAll(async () => {
  await Promise.all(services.map((service) => service.stop()));
  services = [];
  await nc?.close();
  await Promise.all([nats?.stop(), database?.drop(), clickHouse?.drop()]);
});

describe('GET /v1/quarantine', () => {
  it('shows what was held back and nothing else: whole, with why and when, newest first', async () => {
    const answer = await open();
    expect(ids(answer)).toEqual(['g1-p0-2-0', 'g1-p1-1-1', 'g1-p1-1-0', 'g1-p0-1-2', 'g1-p0-1-1']);
    expect(answer.data.at(-1)).toEqual({
      id: 'g1-p0-1-1',
      state: 'open',
      outcome: 'quarantined',
      reason: { code: 'conflict', detail: 'another body' },
      item: 'event',
      usage_id: expect.stringMatching(/^[0-9a-f-]{36}$/),
      customer_id: 'acme',
      encoding: 'json',
      body: expect.objectContaining({ id: 'twice', customer_id: 'acme', usage: { input_tokens: 7, seconds: '1.5' } }),
      recorded_at: '2026-11-22T12:00:00.123456Z',
      resolution: null,
    });
    expect(answer.data[0]).toMatchObject({ outcome: 'quarantined', usage_id: null, customer_id: null, encoding: 'base64', body: Buffer.from('garbage').toString('base64') });
  });

  it('narrows by customer, outcome, code and time of recording, and pages through all of it once', async () => {
    expect(ids(await open('&customer_id=zeta'))).toEqual(['g1-p1-1-1', 'g1-p0-1-2']);
    expect(ids(await open('&outcome=late'))).toEqual(['g1-p1-1-1', 'g1-p1-1-0']);
    expect(ids(await open('&code=conflict'))).toEqual(['g1-p0-1-2', 'g1-p0-1-1']);
    expect(ids(await open('&from=2026-11-22T13:00:00Z&to=2026-11-22T14:00:00Z'))).toEqual(['g1-p1-1-1', 'g1-p1-1-0']);
    const seen: string[] = [];
    let cursor: string | null = '';
    while (cursor !== null) {
      const page = await open(`&limit=2${cursor && `&cursor=${cursor}`}`);
      seen.push(...ids(page));
      cursor = page.next_cursor;
    }
    expect(seen).toEqual(ids(await open()));
  });

  it('counts by outcome and code', async () => {
    const { data } = await get<{ data: object[] }>('/v1/quarantine?summary=true&consistency=strong');
    expect(data).toEqual([
      { outcome: 'late', code: 'older_than_stored', items: 2, oldest: '2026-11-22T13:00:00.123456Z', newest: '2026-11-22T13:00:00.123456Z' },
      { outcome: 'quarantined', code: 'conflict', items: 2, oldest: '2026-11-22T12:00:00.123456Z', newest: '2026-11-22T12:00:00.123456Z' },
      { outcome: 'quarantined', code: 'undecodable', items: 1, oldest: '2026-11-22T14:00:00.123456Z', newest: '2026-11-22T14:00:00.123456Z' },
    ]);
  });

  it('names every bad parameter, knows no item that is not there, and needs an admin key', async () => {
    expect(await call(api, 'GET', '/v1/quarantine?state=gone&outcome=priced&summary=yes&cursor=x&colour=red')).toMatchObject({
      status: 400,
      body: { errors: ['outcome', 'state', 'summary', 'cursor', 'colour'].map((field) => expect.objectContaining({ field })) },
    });
    expect(await call(api, 'GET', '/v1/quarantine/42')).toMatchObject({ status: 400, body: { errors: [{ field: 'id' }] } });
    for (const id of ['g1-p0-1-0', 'g1-p0-99-0', 'g1-p7-1-0', 'g2-p0-1-0']) expect(await call(api, 'GET', `/v1/quarantine/${id}`)).toMatchObject({ status: 404, body: { code: 'unknown_item' } });
    expect(await call(api, 'GET', '/v1/quarantine', undefined, accounts.producerKey)).toMatchObject({ status: 403 });
  });
});

describe('what became of it', () => {
  it('is out of the open list and shows who resolved it, when and why, as soon as that is acknowledged', async () => {
    const replayedAs = '11111111-2222-3333-4444-555555555555';
    await resolve(0, { kind: 'discard', heldSequence: 1, heldIndex: 2, reason: 'a test that ran wild', requestedAtUs: hourUs(3) });
    await resolve(1, { kind: 'release', heldSequence: 1, heldIndex: 0, replacedBy: replayedAs, requestedAtUs: hourUs(3) });
    expect(await get<Item>('/v1/quarantine/g1-p0-1-2')).toMatchObject({
      state: 'discarded',
      resolution: { action: 'discard', by: 'key-9', at: '2026-11-22T15:00:00.123456Z', reason: 'a test that ran wild', replayed_as: null },
    });
    expect(await get<Item>('/v1/quarantine/g1-p1-1-0')).toMatchObject({ state: 'released', resolution: { action: 'release', replayed_as: replayedAs } });
    expect(ids(await open())).toEqual(['g1-p0-2-0', 'g1-p1-1-1', 'g1-p0-1-1']);
    expect(ids(await open('&state=discarded'))).toEqual(['g1-p0-1-2']);
    expect(ids(await open('&state=released'))).toEqual(['g1-p1-1-0']);
    expect(await get('/v1/quarantine?summary=true&state=released')).toMatchObject({ data: [{ outcome: 'late', items: 1 }] });
  });

  it('stays what the first resolution says when it is repeated', async () => {
    await resolve(0, { kind: 'discard', heldSequence: 1, heldIndex: 2, reason: 'said again', requestedBy: 'another', requestedAtUs: hourUs(4) });
    expect(await get<Item>('/v1/quarantine/g1-p0-1-2')).toMatchObject({ resolution: { by: 'key-9', reason: 'a test that ran wild' } });
    expect(ids(await open('&state=discarded'))).toEqual(['g1-p0-1-2']);
  });

  it('is that it was sent again, wherever one that discarded it came first: the event counts', async () => {
    await resolve(0, { kind: 'discard', heldSequence: 1, heldIndex: 1, reason: 'too hasty' });
    await resolve(0, { kind: 'release', heldSequence: 1, heldIndex: 1 });
    expect(await get<Item>('/v1/quarantine/g1-p0-1-1')).toMatchObject({ state: 'released' });
    expect(ids(await open('&state=released'))).toEqual(['g1-p1-1-0', 'g1-p0-1-1']);
    expect(ids(await open('&state=discarded'))).toEqual(['g1-p0-1-2']);
  });

  it('is nothing as long as a resolution did not take effect', async () => {
    await resolve(1, { kind: 'discard', heldSequence: 1, heldIndex: 1, outcome: Outcome.refused, because: { code: 'not_found', detail: '' } });
    expect(await get<Item>('/v1/quarantine/g1-p1-1-1')).toMatchObject({ state: 'open', resolution: null });
  });

  it('touches no item of another partition at the same place', async () => {
    await resolve(1, { kind: 'discard', heldSequence: 2, heldIndex: 0 });
    expect(await get<Item>('/v1/quarantine/g1-p0-2-0')).toMatchObject({ state: 'open' });
  });
});
