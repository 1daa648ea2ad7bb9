import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { jetstream, jetstreamManager } from '@nats-io/jetstream';
import { freshNats, type FreshNats } from '@ledgerline/testing';
import { closeGeneration, finishGeneration, generationState, openGeneration } from './change-generation.js';
import { connectNats, type NatsConnection } from './connection.js';
import { ensureStreams } from './ensure-streams.js';
import { publishEnvelope } from './publish-envelope.js';
import { readMessage } from './read-stream.js';
import { streamOf } from './stream-names.js';

let nats: FreshNats;
let nc: NatsConnection;
const of = (generation: number) => ({ generation, partitions: 2, maxBytes: 8 * 1024 ** 2 });
const publish = (generation: number) => publishEnvelope(jetstream(nc), streamOf('USAGE', generation, 1).subject, Buffer.from('x'), { timeoutMs: 2_000 });

beforeAll(async () => {
  nats = await freshNats();
  nc = await connectNats(nats.url, 'test');
});
afterAll(async () => {
  await nc?.close();
  await nats?.stop();
});

describe('a change of generation', () => {
  it('closes the old one: what is in it stays, nothing is added, and a service that still wants it is told which one to want', async () => {
    await ensureStreams(nc, { ...of(1), kinds: ['USAGE', 'PRICED'] });
    await publish(1);
    await closeGeneration(nc, of(1));
    await closeGeneration(nc, of(1));
    await expect(publish(1)).rejects.toMatchObject({ unknownOutcome: false });
    expect((await readMessage(await jetstreamManager(nc), 'USAGE_g1_p1', 1))?.data).toEqual(Uint8Array.of(120));
    await expect(ensureStreams(nc, { ...of(1), kinds: ['USAGE'] })).rejects.toThrow('its generation was closed by a recovery');
  });

  it('opens the new one for services only when it is finished, and starts over when it was cut short', async () => {
    expect(await generationState(nc, of(2))).toBe('missing');
    await openGeneration(nc, of(2));
    await publish(2);
    expect(await generationState(nc, of(2))).toBe('unfinished');
    await expect(ensureStreams(nc, { ...of(2), kinds: ['USAGE'] })).rejects.toThrow('being recovered');
    await openGeneration(nc, of(2));
    expect((await publish(2)).seq).toBe(1);
    await finishGeneration(nc, of(2));
    await finishGeneration(nc, of(2));
    expect(await generationState(nc, of(2))).toBe('open');
    expect((await publish(2)).seq).toBe(2);
  });

  it('closes a generation whose streams are gone, too', async () => {
    await closeGeneration(nc, of(3));
    await expect(publish(3)).rejects.toMatchObject({ unknownOutcome: false });
  });
});
