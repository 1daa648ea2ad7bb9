import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { jetstream } from '@nats-io/jetstream';
import { correctionSubject, decodeCorrectionEnvelope, decodeUsageEnvelope, Outcome, type PricedRun, pricedSubject, usageStream, usageSubject } from '@ledgerline/contracts';
import { fingerprints, usageIdKey } from '@ledgerline/domain-metering';
import { connectNats, ensureStreams, type NatsConnection, publishEnvelope, readRange } from '@ledgerline/messaging';
import {
  call,
  eventually,
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

const KEY_HEX = '000102030405060708090a0b0c0d0e0f';
const KEY = usageIdKey(KEY_HEX);

let nats: FreshNats;
let database: FreshDatabase;
let clickHouse: FreshClickhouse;
let nc: NatsConnection;
let accounts: RunningAccounts;
let ingest: RunningService;
let readApi: RunningService;
const services: RunningService[] = [];
let last = 0;

/** What was published to the partition behind what pricing has seen. */
interface Published {
  readonly sequence: number;
  readonly correction: boolean;
  readonly data: Uint8Array;
}

async function publishedSince(): Promise<Published[]> {
  const js = jetstream(nc);
  const { state } = await (await js.jetstreamManager()).streams.info(usageStream(1, 0));
  const found: Published[] = [];
  if (state.last_seq === last) return found;
  for await (const { sequence, subject, data } of readRange(js, usageStream(1, 0), last + 1, state.last_seq)) found.push({ sequence, correction: subject === correctionSubject(1, 0), data });
  return found;
}

const emit = (run: PricedRun) => publishEnvelope(jetstream(nc), pricedSubject(1, 0), pricedBytes(0, [run]), { timeoutMs: 5_000 });

/** Holds events back, as pricing does. */
async function hold(run: (sequence: number) => PricedRun): Promise<number> {
  const held = run(++last);
  await publishEnvelope(jetstream(nc), usageSubject(1, 0), held.usage, { timeoutMs: 5_000 });
  await emit(held);
  return last;
}

/** Plays pricing for what was published: every event gets this outcome, every resolution takes effect. */
async function price(published: readonly Published[], outcome: Outcome = Outcome.priced): Promise<void> {
  for (const { sequence, correction, data } of published) {
    const rows = correction ? decodeCorrectionEnvelope(data).corrections.length : decodeUsageEnvelope(data).count;
    await emit({
      sourceSequence: sequence,
      recordedAtUs: RECORDED_AT_US + sequence,
      usage: data,
      undecodable: false,
      outcomes: new Uint8Array(rows).fill(correction ? Outcome.applied : outcome),
      costs: new Uint8Array(16 * rows),
      reasons: [],
      correction,
    });
    last = sequence;
  }
}

const act = (id: string, action: string, body?: unknown, key?: string) => call(ingest.url, 'POST', `/v1/quarantine/${id}/${action}`, body, key);
const item = async (id: string) => (await call(readApi.url, 'GET', `/v1/quarantine/${id}`)).body as Record<string, unknown>;
const conflict = { outcome: Outcome.quarantined, reason: { code: 'conflict', detail: 'another body' } };

beforeAll(async () => {
  [nats, database, clickHouse] = await Promise.all([freshNats(), freshDatabase(), freshClickhouse()]);
  nc = await connectNats(nats.url, 'quarantine-spec');
  await ensureStreams(nc, { generation: 1, partitions: 1, maxBytes: 64 * 1024 ** 2, kinds: ['USAGE', 'PRICED', 'QUOTA'] });
  const environment = {
    NATS_URL: nats.url,
    DATABASE_URL: database.url,
    CLICKHOUSE_URL: clickHouse.url,
    PARTITIONS: '1',
    AGGREGATION_SHARDS: '1',
    STREAM_MAX_BYTES: String(64 * 1024 ** 2),
    LEASE_TTL_MS: '1500',
    USAGE_ID_KEY: KEY_HEX,
    READ_WAIT_MS: '1500',
  };
  accounts = await startAccounts(environment);
  services.push(accounts.service);
  for (const name of ['aggregation', 'read-api']) services.push(await startService(name, environment));
  readApi = services.at(-1)!;
  ingest = await startService('ingest', { ...environment, READ_API_URL: readApi.url });
  services.push(ingest);
}, 90_000);

afterAll(async () => {
  await Promise.all(services.map((service) => service.stop()));
  await nc?.close();
  await Promise.all([nats?.stop(), database?.drop(), clickHouse?.drop()]);
});

describe('what was held back', () => {
  it('is sent again as it came and released by whoever asked, and the event is found among those that count', async () => {
    let held: Uint8Array;
    const sequence = await hold((at) => {
      const run = runOf(0, at, [{ ...conflict, id: 'as-it-came', operation: 'chat', usage: { input_tokens: 7, seconds: '1.5' }, clientCost: '0.25', occurredAtUs: RECORDED_AT_US - 5_000_001, tags: { team: 'ä"\\' } }]);
      held = run.usage.slice();
      return run;
    });
    const id = `g1-p0-${sequence}-0`;
    const answer = await act(id, 'replay');
    expect(answer).toMatchObject({ status: 202, body: { id, state: 'released', usage_id: expect.any(String) } });
    const { usage_id: usageId } = answer.body as { usage_id: string };
    const published = await publishedSince();
    expect(fingerprints(KEY, decodeUsageEnvelope(published[0]!.data))).toEqual(fingerprints(KEY, decodeUsageEnvelope(held!)));
    await price(published);
    expect(await item(id)).toMatchObject({ state: 'released', resolution: { action: 'release', by: expect.stringMatching(/^[0-9a-f-]{36}$/), replayed_as: usageId } });
    expect((await call(readApi.url, 'GET', `/v1/events/${usageId}`)).body).toMatchObject({
      state: 'priced',
      id: 'as-it-came',
      source: 'test',
      usage: { input_tokens: 7, seconds: '1.5' },
      occurred_at: '2026-11-22T11:59:55.123455Z',
      tags: { team: 'ä"\\' },
    });
    expect(await act(id, 'replay')).toMatchObject({ status: 202, body: { state: 'released', usage_id: usageId } });
    expect(await publishedSince()).toEqual([]);
    expect(await act(id, 'discard', { reason: 'too late' })).toMatchObject({ status: 409, body: { code: 'already_released' } });
  });

  it('is sent again corrected: what is not valid is named, and nothing is resolved by it', async () => {
    const id = `g1-p0-${await hold((at) => runOf(0, at, [{ ...conflict, id: 'corrected', model: 'no-such' }]))}-0`;
    const corrected = { customer_id: 'acme', provider: 'openai', model: 'gpt-4o', usage: { input_tokens: 3 } };
    expect(await act(id, 'replay', { ...corrected, usage: { input_tokens: -3 } })).toMatchObject({ status: 422, body: { code: 'event_rejected', errors: [{ field: 'usage.input_tokens' }] } });
    expect(await act(id, 'replay', [corrected])).toMatchObject({ status: 400 });
    expect(await publishedSince()).toEqual([]);
    expect(await act(id, 'replay', { ...corrected, id: 'corrected-2' })).toMatchObject({ status: 202 });
    const published = await publishedSince();
    expect(published.map(({ correction }) => correction)).toEqual([false, true]);
    const usage = decodeUsageEnvelope(published[0]!.data);
    expect([usage.ids[0], usage.dictionary[usage.model[0]!], usage.dictionary[usage.source[0]!]]).toEqual(['corrected-2', 'gpt-4o', 'test']);
    await price(published);
  });

  it('that was late is released as a declared backfill', async () => {
    const occurredAtUs = Date.UTC(2024, 0, 2) * 1000;
    const id = `g1-p0-${await hold((at) => runOf(0, at, [{ outcome: Outcome.late, id: 'old', occurredAtUs, reason: { code: 'older_than_stored', detail: '' } }]))}-0`;
    expect(await act(id, 'release')).toMatchObject({ status: 202 });
    const published = await publishedSince();
    const usage = decodeUsageEnvelope(published[0]!.data);
    expect([usage.ids[0], usage.occurredAtUs[0], usage.backfill[0]]).toEqual(['old', occurredAtUs, 1]);
    await price(published);
    expect(await item(id)).toMatchObject({ state: 'released' });
  });

  it('and whose event went out without its release, because the process died, is open; sending it again sends the same event and releases it', async () => {
    const id = `g1-p0-${await hold((at) => runOf(0, at, [{ ...conflict, id: 'half-done', usage: { input_tokens: 11 }, occurredAtUs: RECORDED_AT_US }]))}-0`;
    // What the log holds when ingest is killed between the two.
    const { body } = (await item(id)) as { body: object };
    await call(ingest.url, 'POST', '/v1/events', body);
    const first = await publishedSince();
    await price(first);
    expect(await item(id)).toMatchObject({ state: 'open' });
    ingest.kill('SIGKILL');
    await ingest.exited;
    ingest = await startService('ingest', { NATS_URL: nats.url, DATABASE_URL: database.url, PARTITIONS: '1', STREAM_MAX_BYTES: String(64 * 1024 ** 2), USAGE_ID_KEY: KEY_HEX, READ_API_URL: readApi.url });
    services.push(ingest);
    expect(await act(id, 'replay')).toMatchObject({ status: 202 });
    const second = await publishedSince();
    const [once, again] = [first[0]!, second[0]!].map(({ data }) => decodeUsageEnvelope(data));
    expect([again!.usageIds, fingerprints(KEY, again!)]).toEqual([once!.usageIds, fingerprints(KEY, once!)]);
    await price(second, Outcome.duplicate);
    expect(await item(id)).toMatchObject({ state: 'released' });
  });

  it('is discarded with a reason, whatever it is, and cannot be replayed then; what nobody could read can only be discarded', async () => {
    const id = `g1-p0-${await hold((at) => garbageRun(at, Buffer.from('garbage')))}-0`;
    expect(await act(id, 'replay')).toMatchObject({ status: 409, body: { code: 'not_replayable', detail: expect.stringContaining('can only be discarded') } });
    for (const body of [undefined, {}, { reason: ' ' }, { reason: 7 }]) expect(await act(id, 'discard', body)).toMatchObject({ status: 422, body: { errors: [{ field: 'reason' }] } });
    expect(await act(id, 'discard', { reason: 'no envelope' })).toMatchObject({ status: 202, body: { id, state: 'discarded' } });
    await price(await publishedSince());
    expect(await item(id)).toMatchObject({ state: 'discarded', resolution: { reason: 'no envelope' } });
    expect(await act(id, 'replay')).toMatchObject({ status: 409, body: { code: 'already_discarded' } });
    expect(await act(id, 'discard', { reason: 'again' })).toMatchObject({ status: 202 });
    expect(await publishedSince()).toEqual([]);
  });

  it('and what is to be corrected is looked at as the caller: a key that may act but not read is told that it needs the scope read', async () => {
    const { key } = (await call(accounts.service.url, 'POST', '/v1/keys', { name: 'acts, and does not read', scopes: ['admin'] })).body as { key: string };
    const sequence = await hold((at) => runOf(0, at, [{ ...conflict, id: 'unread' }]));
    const forbidden = { status: 403, body: { code: 'forbidden', detail: expect.stringContaining('scope read') } };
    for (const [action, body] of [['replay', undefined], ['discard', { reason: 'r' }]] as const) expect(await act(`g1-p0-${sequence}-0`, action, body, key)).toMatchObject(forbidden);
    const correction = { kind: 'void', id: 'c-1', reason: 'a test' };
    expect(await call(ingest.url, 'POST', '/v1/events/00000000-0000-4000-8000-000000000000/corrections', correction, key)).toMatchObject(forbidden);
    expect(await publishedSince()).toEqual([]);
  });

  it('is asked for by a good id, by an admin, of a read API that answers', async () => {
    expect(await act('42', 'replay')).toMatchObject({ status: 400, body: { errors: [{ field: 'id' }] } });
    expect(await act('g1-p0-1-77', 'replay')).toMatchObject({ status: 404, body: { code: 'unknown_item' } });
    expect(await act('g1-p0-1-0', 'discard', { reason: 'r' }, accounts.producerKey)).toMatchObject({ status: 403 });
    readApi.kill('SIGKILL');
    await readApi.exited;
    await eventually(async () => expect(await act('g1-p0-1-0', 'replay')).toMatchObject({ status: 503, body: { code: 'record_unavailable' } }));
  });
});
