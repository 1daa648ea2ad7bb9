import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { decodePricedEnvelope, decodeUsageEnvelope, Outcome } from '@ledgerline/contracts';
import { SegmentedIdempotencyIndexes } from '@ledgerline/idempotency-index';
import { connectNats, type NatsConnection, readRange, type StoredMessage, streamOf } from '@ledgerline/messaging';
import { type Difference, HistoryGoneError, type PricedHistory, type RebuildOutcome } from '@ledgerline/rebuild';
import { freshNats, type FreshNats } from '@ledgerline/testing';
import { jetstream, jetstreamManager } from '@nats-io/jetstream';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { crc32 } from 'node:zlib';
import { MemoryCorrectionLedger } from '../test/memory-correction-ledger.js';
import { PartitionUnderTest } from '../test/partition-under-test.js';
import { KEY, usageEnvelope } from '../test/usage-events.js';
import { DiskIndexFolders } from './adapters/disk-index-folders.js';
import { HistoryLog } from './adapters/history-log.js';
import { claimantOf } from './application/claimant.js';
import { rebuildIndex } from './application/rebuild-index.js';

const { priced, duplicate } = Outcome;
const STREAM = streamOf('PRICED', 1, 0).stream;
let nats: FreshNats;
let nc: NatsConnection;
let directory: string;
let partition: PartitionUnderTest;
let ledger: MemoryCorrectionLedger;
/** What an archive would have. */
let kept: StoredMessage[];

beforeAll(async () => {
  nats = await freshNats();
  nc = await connectNats(nats.url, 'test');
});
afterAll(async () => {
  await nc.close();
  await nats.stop();
});
beforeEach(async () => {
  directory = mkdtempSync(join(tmpdir(), 'ledgerline-rebuild-index-'));
  partition = await PartitionUnderTest.create(nc, 1);
  ledger = new MemoryCorrectionLedger();
  kept = [];
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

const history: PricedHistory = {
  ends: () => Promise.reject(new Error('nobody asks')),
  async *read(of, from, to) {
    for (let sequence = from; sequence <= to; sequence++) {
      const message = kept[sequence - 1];
      if (message === undefined) throw new HistoryGoneError(of, sequence, sequence + 1);
      yield message;
    }
  },
};

async function keepAll(): Promise<void> {
  const { lastSequence } = await partition.log.state();
  for await (const message of readRange(jetstream(nc), STREAM, kept.length + 1, lastSequence)) kept.push(message);
}

async function rebuild(accepts = true): Promise<{ outcome: RebuildOutcome; shown: readonly Difference[] }> {
  await keepAll();
  let shown: readonly Difference[] = [];
  const outcome = await rebuildIndex({
    terms: { generation: 1, partitions: 1, key: KEY },
    folders: new DiskIndexFolders(directory, undefined, 35),
    log: () => partition.log,
    history: () => new HistoryLog(history, partition.log, { generation: 1, partition: 0 }, () => undefined),
    accept: async (differences) => {
      shown = differences;
      return accepts;
    },
  });
  return { outcome, shown };
}

/** Sends the events once more with a worker that opens the index anew. */
async function outcomesOf(...ids: string[]): Promise<number[]> {
  await partition.publishUsage(...ids.map((id) => ({ id })));
  const worker = partition.worker({ directory, ledger });
  await partition.drain(worker);
  await worker.release();
  return [...(await partition.priced()).at(-1)!.runs.at(-1)!.outcomes];
}

/** Puts an index in use that says it covers all of PRICED, and knows one identity that is not there. */
async function useWrongIndex(): Promise<void> {
  await keepAll();
  const last = kept.at(-1)!;
  const { streamId } = await partition.log.state();
  rmSync(join(directory, 'partition-0'), { recursive: true });
  const index = await new SegmentedIdempotencyIndexes({ directory, windowDays: 35 }).open({ partition: 0, streamId });
  index.claim({ ...claimantOf(decodeUsageEnvelope(usageEnvelope([{ id: 'never' }])), 1, last.timestampUs), customer: 'acme', source: 'api', id: 'never' });
  await index.cover({ pricedSequence: last.sequence, sourceTo: decodePricedEnvelope(last.data).sourceTo, checksum: crc32(last.data) });
  await index.close();
}

describe('an index built anew', () => {
  it('agrees with the one in use while a worker goes on with it', async () => {
    const worker = partition.worker({ directory, ledger });
    for (let i = 0; i < 20; i++) await partition.publishUsage({ id: `a${i}` }, { id: `b${i}` });
    await partition.drain(worker);
    const { outcome, shown } = await rebuild();
    expect([outcome, shown]).toEqual(['agreed', []]);
    await partition.publishUsage({ id: 'a3' }, { id: 'c' });
    await partition.drain(worker);
    expect([...(await partition.priced()).at(-1)!.runs.at(-1)!.outcomes]).toEqual([duplicate, priced]);
    expect((await rebuild()).outcome).toBe('agreed');
    await worker.release();
  });

  it('takes the place of one that is gone, also where the log was trimmed: what the archive has is still known', async () => {
    expect(await outcomesOf('a', 'b')).toEqual([priced, priced]);
    expect(await outcomesOf('c')).toEqual([priced]);
    await keepAll();
    await (await jetstreamManager(nc)).streams.purge(STREAM, { seq: 2 });
    rmSync(join(directory, 'partition-0'), { recursive: true });
    await expect(partition.worker({ directory, ledger }).recover()).rejects.toThrow('it begins at 2, but the idempotency index covers it only to 0');
    const { outcome, shown } = await rebuild();
    expect([outcome, shown]).toEqual(['repaired', [{ where: 'partition 0', field: 'PRICED covered', inUse: 'up to 0', fromLog: 'from 2 in the log' }]]);
    expect(await outcomesOf('a', 'c', 'd')).toEqual([duplicate, duplicate, priced]);
  });

  it('is not put in place unless somebody says that the log is right, and shows where they differ', async () => {
    expect(await outcomesOf('a', 'b')).toEqual([priced, priced]);
    await useWrongIndex();
    const kept = await rebuild(false);
    expect([kept.outcome, kept.shown.map(({ field, inUse, fromLog }) => [field, inUse, fromLog])]).toEqual(['kept', [['identities', '1', '2']]]);
    expect((await rebuild(true)).outcome).toBe('repaired');
    expect(await outcomesOf('a', 'never')).toEqual([duplicate, priced]);
    expect((await rebuild()).outcome).toBe('agreed');
  });

  it('of a log that ends before what the index in use has seen is none: messages are lost', async () => {
    expect(await outcomesOf('a')).toEqual([priced]);
    expect(await outcomesOf('b')).toEqual([priced]);
    const { streamId } = await partition.log.state();
    const index = await new SegmentedIdempotencyIndexes({ directory, windowDays: 35 }).open({ partition: 0, streamId });
    await index.cover({ pricedSequence: 3, sourceTo: 3, checksum: 1 });
    await index.close();
    await expect(rebuild()).rejects.toThrow('it ends at 2, but the idempotency index has seen 3: the broker lost acknowledged messages');
  });
});
