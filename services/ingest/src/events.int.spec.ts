import { gzipSync, zstdCompressSync } from 'node:zlib';
import { connect } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { jetstreamManager } from '@nats-io/jetstream';
import { decodeUsageEnvelope, partitionOf, usageIdBytes, usageStream, type UsageColumns } from '@ledgerline/contracts';
import { connectNats, type NatsConnection } from '@ledgerline/messaging';
import { startService, type RunningService } from '@ledgerline/service-kit';
import { eventually, freshDatabase, freshNats, type FreshDatabase, type FreshNats } from '@ledgerline/testing';
import { createHash } from 'node:crypto';
import pg from 'pg';
import { ingestConfig } from './config.js';
import { readBodiesAsBytes } from './http/read-body.js';
import { IngestModule } from './ingest.module.js';

const PARTITIONS = 2;
const event = (id: string, more: object = {}): object => ({
  id,
  customer_id: 'acme',
  provider: 'openai',
  model: 'gpt-4',
  usage: { input_tokens: 10, output_tokens: 5 },
  ...more,
});

let nats: FreshNats;
let database: FreshDatabase;
let nc: NatsConnection;
let ingest: RunningService;

async function publishKeys(url: string): Promise<void> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  const hash = (key: string): string => createHash('sha256').update(key).digest('hex');
  await client.query(`create schema accounts;
    create view accounts.published_keys as
      select * from (values
          ('${hash('admin')}', 'k-admin', null, '{ingest,read,admin}'::text[], null::int),
          ('${hash('producer')}', 'k-producer', null, '{ingest}', null),
          ('${hash('acmes')}', 'k-acme', 'acme', '{ingest}', null),
          ('${hash('few')}', 'k-few', null, '{ingest}', 100)) as k(hash, key_id, customer_id, scopes, events_per_second),
        (values (null::timestamptz, false, null::int, null::text)) as rest(expires_at, revoked, requests_per_second, user_id);
    create view accounts.published_customers as select 'acme' as customer_id`);
  await client.end();
}

const start = (more: Record<string, string> = {}): Promise<RunningService> =>
  startService(
    { name: 'ingest', schema: ingestConfig, module: (config) => IngestModule.forRoot(config), http: readBodiesAsBytes },
    {
      PORT: '0',
      LOG_LEVEL: 'silent',
      NATS_URL: nats.url,
      DATABASE_URL: database.url,
      USAGE_ID_KEY: '000102030405060708090a0b0c0d0e0f',
      PARTITIONS: String(PARTITIONS),
      STREAM_MAX_BYTES: '4000000',
      PUBLISH_TIMEOUT_MS: '1500',
      REQUEST_TIMEOUT_MS: '1500',
      ...more,
    },
  );

beforeAll(async () => {
  [nats, database] = await Promise.all([freshNats(), freshDatabase()]);
  await publishKeys(database.url);
  nc = await connectNats(nats.url, 'test');
  ingest = await start();
  await eventually(async () => expect((await fetch(`${ingest.url}/readyz`)).status).toBe(200), { timeoutMs: 10_000 });
});
afterAll(async () => {
  await ingest?.close();
  await nc?.close();
  await nats?.stop();
  await database?.drop();
});

interface Answer {
  status: number;
  body: { results: { index: number; usage_id?: string; status: string; field?: string; reason?: string; id?: string }[]; code?: string };
  headers: Headers;
}

async function post(body: string | Uint8Array | object, headers: Record<string, string> = {}, path = '/v1/events', url = ingest.url): Promise<Answer> {
  const raw = typeof body === 'string' || body instanceof Uint8Array;
  const answer = await fetch(url + path, {
    method: 'POST',
    headers: { authorization: 'Bearer producer', 'content-type': 'application/json', ...headers },
    body: (raw ? body : JSON.stringify(body)) as string,
  });
  return { status: answer.status, body: (await answer.json()) as Answer['body'], headers: answer.headers };
}

/** Everything in the USAGE streams, by partition. */
async function stored(): Promise<{ partition: number; columns: UsageColumns }[]> {
  const jsm = await jetstreamManager(nc);
  const all: { partition: number; columns: UsageColumns }[] = [];
  for (let partition = 0; partition < PARTITIONS; partition++) {
    const { state } = await jsm.streams.info(usageStream(1, partition));
    for (let seq = state.first_seq; seq <= state.last_seq; seq++) {
      const message = await jsm.streams.getMessage(usageStream(1, partition), { seq });
      all.push({ partition, columns: decodeUsageEnvelope(message!.data) });
    }
  }
  return all;
}

const storedIds = async (): Promise<string[]> => (await stored()).flatMap(({ columns }) => columns.ids);

describe('POST /v1/events', () => {
  it('has every event that it accepted in the log of its partition, with the key that sent it', async () => {
    const { status, body } = await post(Array.from({ length: 700 }, (_, i) => event(`many-${i}`, { tags: { n: String(i % 3) } })));
    expect(status).toBe(202);
    expect(body.results).toHaveLength(700);
    const envelopes = await stored();
    const ids = envelopes.flatMap(({ columns }) => columns.ids);
    expect(ids.filter((id) => id.startsWith('many-')).sort()).toEqual(Array.from({ length: 700 }, (_, i) => `many-${i}`).sort());
    for (const { partition, columns } of envelopes) {
      for (let i = 0; i < columns.count; i++) {
        expect(partitionOf(columns.usageIds, i * 16, PARTITIONS)).toBe(partition);
        expect(columns.dictionary[columns.apiKey[i]!]).toBe('k-producer');
      }
    }
    expect(usageIdBytes(body.results[0]!.usage_id!)).not.toBeNull();
  });

  it('answers a retry with the same usage_id, whatever time and key it carries', async () => {
    const first = await post(event('retry', { occurred_at: '2024-01-15T10:30:00Z' }));
    const second = await post(event('retry', { occurred_at: '2024-02-15T10:30:00Z' }), { authorization: 'Bearer admin' });
    expect(second.body.results[0]!.usage_id).toBe(first.body.results[0]!.usage_id);
  });

  it('stands the Idempotency-Key in for ids that are missing, item by item', async () => {
    const bare = [event('x'), event('y')].map((one) => ({ ...one, id: undefined }));
    const once = await post(bare, { 'idempotency-key': 'k1' });
    const again = await post(bare, { 'idempotency-key': 'k1' });
    expect(again.body).toEqual(once.body);
    expect(new Set(once.body.results.map((result) => result.usage_id)).size).toBe(2);
  });

  it('reads gzip, zstd and NDJSON as it reads plain JSON', async () => {
    const body = JSON.stringify([event('packed')]);
    const plain = await post(body);
    for (const [encoding, bytes] of [['gzip', gzipSync(body)], ['zstd', zstdCompressSync(body)]] as const) {
      expect((await post(bytes, { 'content-encoding': encoding })).body).toEqual(plain.body);
    }
    expect((await post(`${JSON.stringify(event('packed'))}\n\n`, { 'content-type': 'application/x-ndjson' })).body).toEqual(plain.body);
  });

  it('takes the good events of a mixed batch and names the field of each bad one', async () => {
    const { status, body } = await post([event('good'), event('bad', { usage: { input_tokens: -1 } }), 'nonsense']);
    expect(status).toBe(207);
    expect(body.results).toEqual([
      { index: 0, usage_id: expect.any(String), status: 'accepted' },
      { index: 1, status: 'rejected', field: 'usage.input_tokens', reason: 'must not be negative' },
      { index: 2, status: 'rejected', field: '', reason: 'must be an object' },
    ]);
    expect(await storedIds()).toContain('good');
    const lines = await post(`${JSON.stringify(event('line'))}\n{oops\n`, { 'content-type': 'application/x-ndjson', prefer: 'return=minimal' });
    expect([lines.status, lines.body.results]).toEqual([207, [{ index: 1, status: 'rejected', field: '', reason: 'the line is not valid JSON' }]]);
  });

  it("takes a customer's key for that customer's events alone", async () => {
    const { status, body } = await post([event('theirs', { customer_id: 'globex' }), event('own', { customer_id: 'acme' })], { authorization: 'Bearer acmes' });
    expect([status, body.results.map(({ field, status: one }) => field ?? one)]).toEqual([207, ['customer_id', 'accepted']]);
    expect(await storedIds()).toEqual(expect.arrayContaining(['own']));
    expect(await storedIds()).not.toContain('theirs');
    expect((await post(event('old', { customer_id: 'acme' }), { authorization: 'Bearer acmes' }, '/v1/events?backfill=true')).status).toBe(403);
  });

  it('holds a key to its events a second: a request over it is refused whole, with when to come again', async () => {
    const batch = (name: string, count: number) => post(Array.from({ length: count }, (_, i) => event(`${name}-${i}`)), { authorization: 'Bearer few' });
    expect(await batch('never', 101)).toMatchObject({ status: 413, body: { code: 'too_many_events' } });
    const answers = await Promise.all([batch('one', 60), batch('two', 60)]);
    expect(answers.map(({ status }) => status).sort()).toEqual([202, 429]);
    const refused = answers.findIndex(({ status }) => status === 429);
    expect(answers[refused]).toMatchObject({ body: { code: 'rate_limited' } });
    expect([answers[refused]!.headers.get('retry-after'), answers[refused]!.headers.get('ratelimit-policy')]).toEqual(['1', '"events";q=100;w=1']);
    const ids = await storedIds();
    expect(ids.filter((id) => id.startsWith(refused === 0 ? 'one-' : 'two-'))).toEqual([]);
    expect(ids.filter((id) => id.startsWith(refused === 0 ? 'two-' : 'one-'))).toHaveLength(60);
  });

  it('answers 422 when it took none', async () => {
    expect((await post(event('none', { model: '' }))).status).toBe(422);
  });

  it.each<[string, () => Promise<Answer>, number, string]>([
    ['broken JSON', () => post('{"a"'), 400, 'malformed_json'],
    ['an empty list', () => post('[]'), 400, 'empty_batch'],
    ['bytes that are no UTF-8', () => post(new Uint8Array([0x22, 0xff, 0x22])), 400, 'malformed_encoding'],
    ['a truncated gzip', () => post(gzipSync(JSON.stringify(event('t'))).subarray(0, 40), { 'content-encoding': 'gzip' }), 400, 'malformed_encoding'],
    ['a truncated zstd', () => post(zstdCompressSync(JSON.stringify(event('t'))).subarray(0, 40), { 'content-encoding': 'zstd' }), 400, 'malformed_encoding'],
    ['an unknown encoding', () => post('x', { 'content-encoding': 'br' }), 415, 'unsupported_encoding'],
    ['an unknown type', () => post('x', { 'content-type': 'text/csv' }), 415, 'unsupported_media_type'],
    ['10,001 events', () => post(Array.from({ length: 10_001 }, () => ({}))), 413, 'too_many_events'],
    ['17 MiB', () => post(' '.repeat(17 * 1024 * 1024)), 413, 'body_too_large'],
    ['a gzip of 17 MiB', () => post(gzipSync(' '.repeat(17 * 1024 * 1024)), { 'content-encoding': 'gzip' }), 413, 'body_too_large'],
    ['no key', () => post(event('k'), { authorization: '' }), 401, 'unauthenticated'],
    ['a wrong key', () => post(event('k'), { authorization: 'Bearer nobody' }), 401, 'unauthenticated'],
    ['a backfill declared by a producer', () => post(event('k'), {}, '/v1/events?backfill=true'), 403, 'forbidden'],
  ])('refuses %s as a whole and takes nothing', async (_, send, status, code) => {
    const before = await storedIds();
    const answer = await send();
    expect([answer.status, answer.body.code]).toEqual([status, code]);
    expect(await storedIds()).toEqual(before);
  });

  it('gives up on a body that stalls', async () => {
    const { hostname, port } = new URL(ingest.url);
    const answer = await new Promise<string>((resolve, reject) => {
      const socket = connect(Number(port), hostname, () =>
        socket.write('POST /v1/events HTTP/1.1\r\nhost: x\r\nauthorization: Bearer producer\r\ncontent-type: application/json\r\ncontent-length: 100\r\n\r\n{'),
      );
      let text = '';
      socket.on('data', (chunk) => (text += String(chunk)));
      socket.on('close', () => resolve(text));
      socket.on('error', reject);
    });
    expect(answer).toMatch(/^HTTP\/1\.1 408/);
  });

  it('carries a declared backfill with its events', async () => {
    await post(event('old', { occurred_at: '2023-11-16T18:17:03.9799600Z' }), { authorization: 'Bearer admin' }, '/v1/events?backfill=true');
    const found = (await stored()).find(({ columns }) => columns.ids.includes('old'))!.columns;
    const at = found.ids.indexOf('old');
    expect([found.backfill[at], found.occurredAtUs[at]]).toEqual([1, 1_700_158_623_979_960]);
  });

  it('rejects customers that nobody created, where it is told to', async () => {
    const strict = await start({ UNKNOWN_CUSTOMERS: 'reject' });
    try {
      await eventually(async () => expect((await fetch(`${strict.url}/readyz`)).status).toBe(200), { timeoutMs: 10_000 });
      const { body } = await post([event('known'), event('stranger', { customer_id: 'stranger' })], {}, '/v1/events', strict.url);
      expect(body.results.map((result) => [result.status, result.field])).toEqual([['accepted', undefined], ['rejected', 'customer_id']]);
    } finally {
      await strict.close();
    }
  });

  it('says 503 with the truth for each event when the log is full, and keeps what it has', async () => {
    const big = { request_metadata: { x: 'x'.repeat(30_000) } };
    let answer: Answer;
    let sent = 0;
    do {
      answer = await post(Array.from({ length: 50 }, () => event(`full-${sent++}`, big)));
    } while (answer.status === 202 && sent < 2_000);
    expect(answer.status).toBe(503);
    expect(answer.headers.get('retry-after')).toBe('1');
    const unknown = answer.body.results.filter((result) => result.status === 'unknown');
    expect(unknown[0]).toMatchObject({ id: expect.stringMatching(/^full-/), reason: expect.stringMatching('full') });
    const ids = new Set(await storedIds());
    for (const [index, result] of answer.body.results.entries()) {
      expect(ids.has(`full-${sent - 50 + index}`)).toBe(result.status === 'accepted');
    }
    expect(ids.has('many-0')).toBe(true);
  });

  it('says 503 while the broker is away and takes events again when it is back', async () => {
    await nats.kill9();
    await eventually(async () => expect((await post(event('away'))).status).toBe(503), { timeoutMs: 10_000 });
    expect((await fetch(`${ingest.url}/readyz`)).status).toBe(503);
    await nats.restart();
    await eventually(async () => expect((await fetch(`${ingest.url}/readyz`)).status).toBe(200), { timeoutMs: 20_000 });
  });
});
