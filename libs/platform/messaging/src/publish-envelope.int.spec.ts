import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { eventually, freshNats, type FreshNats } from '@ledgerline/testing';
import { jetstream, type JetStreamClient, jetstreamManager, type JetStreamManager } from '@nats-io/jetstream';
import { connectNats, type NatsConnection } from './connection.js';
import { ensureStreams } from './ensure-streams.js';
import { type PublishError, publishEnvelope, type PublishOptions } from './publish-envelope.js';
import { readRange } from './read-range.js';
import { readLastMessage, readMessage, streamInfo } from './read-stream.js';
import { streamOf } from './stream-names.js';

const bytes = (length: number, fill = 1): Uint8Array => new Uint8Array(length).fill(fill);

describe('publishing to a stream', () => {
  let nats: FreshNats;
  let nc: NatsConnection;
  let js: JetStreamClient;
  let jsm: JetStreamManager;
  const { stream, subject } = streamOf('PRICED', 1, 0);
  const failure = (to: string, data: Uint8Array, options: Partial<PublishOptions> = {}): Promise<PublishError> =>
    publishEnvelope(js, to, data, { timeoutMs: 2_000, ...options }).then(
      () => Promise.reject(new Error('it was stored')),
      (error: PublishError) => error,
    );

  beforeAll(async () => {
    nats = await freshNats();
    nc = await connectNats(nats.url, 'test');
    js = jetstream(nc);
    jsm = await jetstreamManager(nc);
    await ensureStreams(nc, { generation: 1, partitions: 2, maxBytes: 4_000_000, kinds: ['PRICED'] });
  });
  afterAll(async () => {
    await nc.close();
    await nats.stop();
  });

  it('reads an untouched stream as empty, beginning at 1', async () => {
    expect(await readLastMessage(jsm, stream)).toBeNull();
    expect(await readMessage(jsm, stream, 1)).toBeNull();
    expect(await streamInfo(jsm, stream)).toMatchObject({ firstSequence: 1, lastSequence: 0 });
  });

  it('stores a message only behind the expected last sequence', async () => {
    expect((await publishEnvelope(js, subject, bytes(10, 1), { expectLastSequence: 0, timeoutMs: 2_000 })).seq).toBe(1);
    expect((await failure(subject, bytes(10, 2), { expectLastSequence: 0 })).failure).toBe('wrong-last-sequence');
    expect((await publishEnvelope(js, subject, bytes(10, 3), { expectLastSequence: 1, timeoutMs: 2_000 })).seq).toBe(2);
  });

  it('reads back what was stored, with one and the same time on every way', async () => {
    const last = await readLastMessage(jsm, stream);
    expect(last).toEqual(await readMessage(jsm, stream, 2));
    expect([...last!.data]).toEqual([...bytes(10, 3)]);
    const ranged = [];
    for await (const message of readRange(js, stream, 1, 2)) ranged.push(message);
    expect(ranged.map(({ sequence }) => sequence)).toEqual([1, 2]);
    expect(ranged[1]!.timestampUs).toBe(last!.timestampUs);
    expect(Math.abs(last!.timestampUs / 1000 - Date.now())).toBeLessThan(60_000);
  });

  it('reads the largest message from the leader', async () => {
    const { seq } = await publishEnvelope(js, subject, bytes(999_000, 9), { timeoutMs: 5_000 });
    expect((await readLastMessage(jsm, stream))!.data.length).toBe(999_000);
    expect((await readMessage(jsm, stream, seq))!.data[998_999]).toBe(9);
  });

  it('carries a trace from publisher to reader', async () => {
    const traceparent = `00-${'a1'.repeat(16)}-${'b2'.repeat(8)}-01`;
    const { seq } = await publishEnvelope(js, subject, bytes(1), { traceparent, timeoutMs: 2_000 });
    expect((await readMessage(jsm, stream, seq))!.traceparent).toBe(traceparent);
  });

  it('tells a message that is too large for the stream and for the broker', async () => {
    expect((await failure(subject, bytes(1_000_001))).failure).toBe('too-large');
    expect((await failure(subject, bytes(3_000_000))).failure).toBe('too-large');
  });

  it('tells that nobody stores a subject', async () => {
    expect((await failure('ledgerline.priced.g9.p9', bytes(1))).failure).toBe('no-stream');
  });

  it('tells a full stream, which keeps all it has', async () => {
    const full = streamOf('PRICED', 1, 1);
    for (let i = 0; i < 4; i++) await publishEnvelope(js, full.subject, bytes(900_000), { timeoutMs: 5_000 });
    const refused = await failure(full.subject, bytes(900_000), { timeoutMs: 5_000 });
    expect(refused.failure).toBe('stream-full');
    expect(refused.unknownOutcome).toBe(false);
    expect(await streamInfo(jsm, full.stream)).toMatchObject({ firstSequence: 1, lastSequence: 4 });
  });

  it('treats a body that was dropped as a duplicate as an error', async () => {
    const headers = { 'Nats-Msg-Id': 'the same' };
    await publishEnvelope(js, subject, bytes(5, 1), { headers, timeoutMs: 2_000 });
    expect((await failure(subject, bytes(5, 2), { headers })).failure).toBe('duplicate');
  });

  it('says that the outcome is unknown when the broker does not answer, or is gone', async () => {
    process.kill(nats.pid, 'SIGSTOP');
    try {
      const refused = await eventually(() => failure(subject, bytes(1), { timeoutMs: 300 }));
      expect(refused).toMatchObject({ failure: 'timeout', unknownOutcome: true });
    } finally {
      process.kill(nats.pid, 'SIGCONT');
    }
    await nats.kill9();
    expect(await failure(subject, bytes(1), { timeoutMs: 500 })).toMatchObject({ unknownOutcome: true });
    await nats.restart();
    await eventually(() => publishEnvelope(js, subject, bytes(1), { timeoutMs: 1_000 }));
  });
});
