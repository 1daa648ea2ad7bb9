import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { freshNats, type FreshNats } from '@ledgerline/testing';
import { jetstreamManager, type StreamConfig } from '@nats-io/jetstream';
import { connectNats, type NatsConnection } from './connection.js';
import { streamInfo } from './read-stream.js';
import { ensureStreams, StreamConflictError, type StreamsWanted } from './ensure-streams.js';

const MIB = 1024 ** 2;

describe('ensureStreams', () => {
  let nats: FreshNats;
  let nc: NatsConnection;
  let generation = 0;
  const wanted = (change: Partial<StreamsWanted> = {}): StreamsWanted => ({
    generation,
    partitions: 3,
    maxBytes: 8 * MIB,
    kinds: ['USAGE', 'PRICED', 'QUOTA'],
    ...change,
  });
  const config = async (stream: string): Promise<StreamConfig> => (await (await jetstreamManager(nc)).streams.info(stream)).config;

  beforeAll(async () => {
    nats = await freshNats();
    nc = await connectNats(nats.url, 'test');
  });
  afterAll(async () => {
    await nc.close();
    await nats.stop();
  });

  it('creates what is missing, however many processes do it at once, and again', async () => {
    generation++;
    await Promise.all(Array.from({ length: 5 }, () => ensureStreams(nc, wanted())));
    await ensureStreams(nc, wanted());
    for (const stream of ['USAGE_g1_p0', 'USAGE_g1_p2', 'PRICED_g1_p1', 'QUOTA']) {
      expect(await config(stream)).toMatchObject({ storage: 'file', retention: 'limits', discard: 'new', max_bytes: 8 * MIB });
    }
    expect((await config('USAGE_g1_p0')).max_msg_size).toBe(262_144);
    expect((await config('PRICED_g1_p0')).max_msg_size).toBe(1_000_000);
  });

  it('makes each stream with an id that stays, and that another making does not have', async () => {
    generation++;
    const jsm = await jetstreamManager(nc);
    const id = async (): Promise<string> => (await streamInfo(jsm, `USAGE_g${generation}_p0`)).streamId;
    await ensureStreams(nc, wanted({ kinds: ['USAGE'] }));
    const first = await id();
    await ensureStreams(nc, wanted({ kinds: ['USAGE'], maxBytes: 16 * MIB }));
    expect(await id()).toBe(first);
    await jsm.streams.delete(`USAGE_g${generation}_p0`);
    await ensureStreams(nc, wanted({ kinds: ['USAGE'], maxBytes: 16 * MIB }));
    expect(await id()).not.toBe(first);
  });

  it('finishes a creation that was interrupted', async () => {
    generation++;
    await ensureStreams(nc, wanted({ kinds: ['USAGE'] }));
    await (await jetstreamManager(nc)).streams.delete(`USAGE_g${generation}_p1`);
    await ensureStreams(nc, wanted());
    expect(await config(`USAGE_g${generation}_p1`)).toBeDefined();
  });

  it.each([2, 4])('names a stream of the generation when it was opened with other than %i partitions', async (partitions) => {
    generation++;
    await ensureStreams(nc, wanted({ kinds: ['USAGE'] }));
    await expect(ensureStreams(nc, wanted({ kinds: ['USAGE'], partitions }))).rejects.toThrow(
      new RegExp(`USAGE_g${generation}_p. contradicts the configuration: .*partition`),
    );
  });

  it('names stream and setting of what contradicts the configuration, and leaves it as it is', async () => {
    generation++;
    const stream = `PRICED_g${generation}_p1`;
    await ensureStreams(nc, wanted({ kinds: ['PRICED'] }));
    await (await jetstreamManager(nc)).streams.update(stream, { max_age: 3_600_000_000_000 });
    const attempt = ensureStreams(nc, wanted({ kinds: ['PRICED'] }));
    await expect(attempt).rejects.toThrow(StreamConflictError);
    await expect(attempt).rejects.toThrow(`Stream ${stream} contradicts the configuration: max_age is 3600000000000, expected 0`);
    expect((await config(stream)).max_age).toBe(3_600_000_000_000);
  });

  it('gives a stream the subject that it was made without', async () => {
    generation++;
    await ensureStreams(nc, wanted({ kinds: ['USAGE'] }));
    const stream = `USAGE_g${generation}_p0`;
    const subjects = (await config(stream)).subjects;
    await (await jetstreamManager(nc)).streams.update(stream, { subjects: [subjects[0]!] });
    await ensureStreams(nc, wanted({ kinds: ['USAGE'] }));
    expect((await config(stream)).subjects).toEqual(subjects);
  });

  it('raises a byte limit and refuses to lower it', async () => {
    generation++;
    await ensureStreams(nc, wanted({ kinds: ['USAGE'] }));
    await ensureStreams(nc, wanted({ kinds: ['USAGE'], maxBytes: 9 * MIB }));
    expect((await config(`USAGE_g${generation}_p0`)).max_bytes).toBe(9 * MIB);
    await expect(ensureStreams(nc, wanted({ kinds: ['USAGE'] }))).rejects.toThrow('STREAM_MAX_BYTES');
  });
});
