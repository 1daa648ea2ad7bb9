import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { decodePricedEnvelope, Outcome } from '@ledgerline/contracts';
import { closeGeneration, connectNats, type NatsConnection } from '@ledgerline/messaging';
import { freshNats, type FreshNats } from '@ledgerline/testing';
import { jetstreamManager } from '@nats-io/jetstream';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PartitionUnderTest } from '../../test/partition-under-test.js';
import { fromIndexedSequence, indexedSequence } from './indexed-position.js';

const events = (from: number, to: number) => Array.from({ length: to - from }, (_, i) => ({ id: `e${from + i}` }));

describe('a generation that follows another', () => {
  let nats: FreshNats;
  let nc: NatsConnection;
  let directory: string;
  let first: PartitionUnderTest;
  let second: PartitionUnderTest;

  beforeAll(async () => {
    nats = await freshNats();
    nc = await connectNats(nats.url, 'test');
  });
  afterAll(async () => {
    await nc?.close();
    await nats?.stop();
    rmSync(directory, { recursive: true, force: true });
  });
  beforeEach(async () => {
    directory = mkdtempSync(join(tmpdir(), 'pricing-'));
    first = await PartitionUnderTest.create(nc, 1);
    await first.publishUsage(...events(0, 3));
    await first.publishUsage(...events(3, 5));
    const worker = first.worker({ directory });
    await first.drain(worker);
    await first.publishUsage(...events(5, 6));
    await first.drain(worker);
    await worker.release();
    second = await PartitionUnderTest.create(nc, 2);
  });

  const outcomes = async (): Promise<number[]> => (await second.priced()).flatMap((envelope) => envelope.runs.flatMap((run) => [...run.outcomes]));

  it('knows what was counted before it, also where its own messages have the same positions', async () => {
    await second.publishUsage(...events(0, 3));
    await second.publishUsage(...events(5, 8));
    const worker = second.worker({ directory });
    await second.drain(worker);
    await worker.release();
    const { duplicate, priced } = Outcome;
    expect(await outcomes()).toEqual([duplicate, duplicate, duplicate, duplicate, priced, priced]);
  });

  it('still knows it after restarts before and behind its first message', async () => {
    const idle = second.worker({ directory });
    await second.drain(idle);
    await idle.release();
    for (const id of ['e1', 'new', 'e4', 'new']) {
      await second.publishUsage({ id });
      const worker = second.worker({ directory });
      await second.drain(worker);
      await worker.release();
    }
    const { duplicate, priced } = Outcome;
    expect(await outcomes()).toEqual([duplicate, priced, duplicate, duplicate]);
    expect((await second.priced()).map(({ generation }) => generation)).toEqual([2, 2, 2, 2]);
  });

  it('does not begin while the one before it is gone or cannot be read to its end', async () => {
    await second.publishUsage(...events(0, 3));
    const jsm = await jetstreamManager(nc);
    await jsm.streams.purge('PRICED_g1_p0', { seq: 2 });
    await expect(second.worker({ directory }).recover()).rejects.toThrow('PRICED_g1_p0: it begins at 2');
    await jsm.streams.delete('PRICED_g1_p0');
    await expect(second.worker({ directory }).recover()).rejects.toThrow('PRICED_g1_p0: it is gone');
  });

  it('reads a generation that is closed', async () => {
    await closeGeneration(nc, { generation: 1, partitions: 1, maxBytes: 64 * 1024 ** 2 });
    await second.publishUsage(...events(2, 4));
    const worker = second.worker({ directory });
    await second.drain(worker);
    await worker.release();
    expect(await outcomes()).toEqual([Outcome.duplicate, Outcome.duplicate]);
    expect(decodePricedEnvelope((await first.log.last())!.data).sourceTo).toBe(3);
  });
});

it('positions of generations never meet in the index', () => {
  for (const position of [{ generation: 1, sequence: 1 }, { generation: 2, sequence: 1 }, { generation: 1_024, sequence: 2 ** 40 - 1 }]) {
    expect(fromIndexedSequence(indexedSequence(position.generation, position.sequence))).toEqual(position);
  }
  expect(indexedSequence(1, 77)).toBe(77);
});
