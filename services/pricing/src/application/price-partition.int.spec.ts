import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { Outcome } from '@ledgerline/contracts';
import { type SegmentedIdempotencyIndex, SegmentedIdempotencyIndexes } from '@ledgerline/idempotency-index';
import { connectNats, type NatsConnection, streamOf } from '@ledgerline/messaging';
import { freshNats, type FreshNats } from '@ledgerline/testing';
import { jetstreamManager } from '@nats-io/jetstream';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { MemoryCorrectionLedger } from '../../test/memory-correction-ledger.js';
import { countedIn, PartitionUnderTest } from '../../test/partition-under-test.js';
import { usageEnvelope, usageIdTextOf } from '../../test/usage-events.js';
import { noChanges } from './corrections/correction-ledger.js';
import { JetStreamPricedLog } from '../adapters/jetstream-priced-log.js';
import { type Coverage, type IdempotencyIndexes, IndexWriteError } from './idempotency-index.js';
import { NotOwnerError } from './ownership.js';
import { AnotherWriterError } from './price-partition.js';
import { type AppendResult } from './priced-log.js';

/** Stores the message, but its confirmation gets lost. */
class LosesAcks extends JetStreamPricedLog {
  override async append(bytes: Uint8Array, expected: number): Promise<AppendResult> {
    await super.append(bytes, expected);
    return { kind: 'unclear', cause: new Error('no answer') };
  }
}

/** The first attempts never reach the broker. */
class LosesRequests extends JetStreamPricedLog {
  lost = 0;
  override async append(bytes: Uint8Array, expected: number): Promise<AppendResult> {
    return ++this.lost <= 2 ? { kind: 'unclear', cause: new Error('no answer') } : super.append(bytes, expected);
  }
}

/** The process dies when the message is stored and before it knows. */
class DiesBeforeTheAck extends JetStreamPricedLog {
  override async append(bytes: Uint8Array, expected: number): Promise<AppendResult> {
    await super.append(bytes, expected);
    throw new Error('killed');
  }
}

const events = (from: number, to: number) => Array.from({ length: to - from }, (_, i) => ({ id: `e${from + i}` }));
const idsOf = (from: number, to: number) => events(from, to).map(usageIdTextOf);

describe('the worker of a partition', () => {
  let nats: FreshNats;
  let nc: NatsConnection;
  const generation = 1;
  let partition: PartitionUnderTest;
  let directory: string;

  beforeAll(async () => {
    nats = await freshNats();
    nc = await connectNats(nats.url, 'test');
  });
  afterAll(async () => {
    await nc.close();
    await nats.stop();
  });
  beforeEach(async () => {
    partition = await PartitionUnderTest.create(nc, generation);
    directory = mkdtempSync(join(tmpdir(), 'pricing-'));
  });
  afterEach(() => rmSync(directory, { recursive: true, force: true }));

  it('carries every USAGE message into PRICED once, in order, in messages that fit', async () => {
    for (let i = 0; i < 150; i++) await partition.publishUsage(...events(i * 3, i * 3 + 3));
    const padding = JSON.stringify({ pad: 'x'.repeat(500) });
    for (let i = 0; i < 12; i++)
      await partition.publishUsage(...Array.from({ length: 200 }, (_, k) => ({ id: `big${i}.${k}`, tags: padding.replace('x', `${i}.${k}x`) })));
    const worker = partition.worker({ directory });
    await partition.drain(worker);
    const envelopes = await partition.priced();
    expect(countedIn(envelopes)).toHaveLength(150 * 3 + 12 * 200);
    expect(envelopes.length).toBeGreaterThan(3);
    expect(envelopes.every(({ runs }) => runs.length <= 64)).toBe(true);
    await worker.release();
  });

  it('takes a message whose confirmation was lost for stored when the leader has it', async () => {
    await partition.publishUsage(...events(0, 5));
    const worker = partition.worker({ directory, log: new LosesAcks(nc, generation, 0) });
    await partition.drain(worker);
    await partition.publishUsage(...events(5, 9));
    await partition.drain(worker);
    const envelopes = await partition.priced();
    expect(envelopes).toHaveLength(2);
    expect(countedIn(envelopes)).toEqual(idsOf(0, 9));
    await worker.release();
  });

  it('publishes the same bytes again when the leader has not seen them', async () => {
    await partition.publishUsage(...events(0, 5));
    const log = new LosesRequests(nc, generation, 0);
    const worker = partition.worker({ directory, log });
    await partition.drain(worker);
    expect(log.lost).toBe(3);
    expect(countedIn(await partition.priced())).toEqual(idsOf(0, 5));
    await worker.release();
  });

  it('goes on behind a message that was stored by a worker killed before it knew', async () => {
    await partition.publishUsage(...events(0, 5));
    await expect(partition.drain(partition.worker({ directory, log: new DiesBeforeTheAck(nc, generation, 0) }))).rejects.toThrow('killed');
    await partition.publishUsage(...events(3, 9));
    const worker = partition.worker({ directory, writerId: 'two' });
    await partition.drain(worker);
    const envelopes = await partition.priced();
    expect(envelopes.map(({ writerId }) => writerId)).toEqual(['one', 'two']);
    expect(countedIn(envelopes)).toEqual(idsOf(0, 9));
    await worker.release();
  });

  it('lets the same process go on after it failed between publishing and the confirmation', async () => {
    await partition.publishUsage(...events(0, 5));
    let dies = true;
    const log = new (class extends JetStreamPricedLog {
      override async append(bytes: Uint8Array, expected: number): Promise<AppendResult> {
        const result = await super.append(bytes, expected);
        if (!dies) return result;
        dies = false;
        throw new Error('interrupted');
      }
    })(nc, generation, 0);
    const worker = partition.worker({ directory, log });
    await expect(partition.drain(worker)).rejects.toThrow('interrupted');
    await partition.publishUsage(...events(3, 7));
    await partition.drain(worker);
    expect(countedIn(await partition.priced())).toEqual(idsOf(0, 7));
    expect(worker.identities).toBe(7);
    await worker.release();
  });

  it('refuses the older of two workers, whose claims then count for nothing', async () => {
    const older = partition.worker({ directory: join(directory, 'older'), writerId: 'older' });
    await older.recover();
    await partition.publishUsage(...events(0, 5));
    const newer = partition.worker({ directory: join(directory, 'newer'), writerId: 'newer' });
    await partition.drain(newer);
    await expect(older.price(await partition.usage(0))).rejects.toThrow(AnotherWriterError);
    expect((await partition.priced()).map(({ writerId }) => writerId)).toEqual(['newer']);
    await older.recover();
    expect(older.identities).toBe(5);
    await Promise.all([older.release(), newer.release()]);
  });

  it('does not start without the lease', async () => {
    const worker = partition.worker({ directory, ownership: { assertOwned: async (wanted) => Promise.reject(new NotOwnerError(wanted)) } });
    await expect(worker.recover()).rejects.toThrow(NotOwnerError);
  });

  it('recognises duplicates after restarts, with its index file, without it, and with a stale one', async () => {
    await partition.publishUsage(...events(0, 5));
    await partition.drain(partition.worker({ directory }));
    await partition.publishUsage(...events(3, 8));
    const second = partition.worker({ directory, writerId: 'two' });
    await partition.drain(second);
    await second.release();
    rmSync(directory, { recursive: true });
    await partition.publishUsage(...events(0, 10));
    const third = partition.worker({ directory: join(directory, 'elsewhere'), writerId: 'three' });
    await partition.drain(third);
    expect(third.identities).toBe(10);
    await third.release();
    expect(countedIn(await partition.priced())).toEqual(idsOf(0, 10));
  });

  it('goes on once a full disk has room again, with nothing counted twice', async () => {
    let full = true;
    const indexes: IdempotencyIndexes = {
      async open(stream) {
        const index = await new SegmentedIdempotencyIndexes({ directory, windowDays: 35 }).open(stream);
        const cover = index.cover.bind(index);
        return Object.assign(index, { cover: (coverage: Coverage) => (full ? Promise.reject(new IndexWriteError(new Error('ENOSPC'))) : cover(coverage)) });
      },
    };
    const worker = partition.worker({ directory, indexes });
    await partition.publishUsage(...events(0, 5));
    await expect(partition.drain(worker)).rejects.toThrow('ENOSPC');
    await expect(partition.drain(worker)).rejects.toThrow(IndexWriteError);
    full = false;
    await partition.publishUsage(...events(3, 8));
    await partition.drain(worker);
    await worker.release();
    expect(countedIn(await partition.priced())).toEqual(idsOf(0, 8));
    const restarted = partition.worker({ directory });
    await restarted.recover();
    expect(restarted.identities).toBe(8);
    await restarted.release();
  });

  it('quarantines garbage and forged envelopes and goes on', async () => {
    await partition.publishUsage({ id: 'before' });
    await partition.publishBytes(new Uint8Array([1, 2, 3]));
    await partition.publishBytes(new Uint8Array(0));
    await partition.publishBytes(Buffer.from('{"customer_id":"acme"}'));
    await partition.publishBytes(usageEnvelope([{ id: 'forged', usageId: new Uint8Array(16).fill(7) }, { id: 'true' }], 0, generation));
    await partition.publishBytes(usageEnvelope([{ id: 'stray' }], 5, generation));
    await partition.publishUsage({ id: 'after' });
    const worker = partition.worker({ directory });
    await partition.drain(worker);
    const envelopes = await partition.priced();
    expect(countedIn(envelopes)).toEqual(['before', 'true', 'after'].map((id) => usageIdTextOf({ id })));
    const reasons = envelopes.flatMap(({ runs }) => runs.flatMap((run) => run.reasons.map(({ code }) => code)));
    expect(reasons).toEqual(['undecodable', 'undecodable', 'undecodable', 'usage_id_mismatch', 'wrong_envelope']);
    expect(envelopes.flatMap(({ runs }) => runs.flatMap((run) => [...run.outcomes])).filter((outcome) => outcome === Outcome.quarantined)).toHaveLength(5);
    await worker.release();
  });

  it('refuses to start when PRICED is empty and USAGE begins past 1', async () => {
    await partition.publishUsage({ id: 'a' });
    await partition.publishUsage({ id: 'b' });
    await (await jetstreamManager(nc)).streams.purge(streamOf('USAGE', generation, 0).stream, { seq: 2 });
    await expect(partition.worker({ directory }).recover()).rejects.toThrow(`PRICED_g${generation}_p0: it is empty, but USAGE begins at 2`);
  });

  it('refuses to start when PRICED was emptied', async () => {
    await partition.publishUsage({ id: 'a' });
    const worker = partition.worker({ directory });
    await partition.drain(worker);
    await (await jetstreamManager(nc)).streams.purge(streamOf('PRICED', generation, 0).stream);
    await expect(worker.recover()).rejects.toThrow(`PRICED_g${generation}_p0: it is empty, but 1 messages were stored`);
    await worker.release();
  });

  it('goes on over a trimmed PRICED with its index and ledger, and refuses without one of them', async () => {
    const ledger = new MemoryCorrectionLedger();
    for (let i = 0; i < 3; i++) {
      await partition.publishUsage({ id: `e${i}` });
      await partition.drain(partition.worker({ directory, ledger, writerId: `w${i}` }));
    }
    await (await jetstreamManager(nc)).streams.purge(streamOf('PRICED', generation, 0).stream, { seq: 3 });
    await ledger.save(await ledger.progress(), 3, noChanges());
    const kept = partition.worker({ directory, ledger });
    await kept.recover();
    expect(kept.identities).toBe(3);
    await kept.release();
    await expect(partition.worker({ directory }).recover()).rejects.toThrow("it begins at 3, but the corrections' ledger covers it only to 0");
    const bare = partition.worker({ directory: join(directory, 'bare'), ledger });
    await expect(bare.recover()).rejects.toThrow(`PRICED_g${generation}_p0: it begins at 3, but the idempotency index covers it only to 0`);
  });

  it('takes a partition over from the copy of its index, over a trimmed PRICED', async () => {
    const opened: SegmentedIdempotencyIndex[] = [];
    const on = (host: string): IdempotencyIndexes => {
      const indexes = new SegmentedIdempotencyIndexes({ directory: join(directory, host), copyDirectory: join(directory, 'mount'), windowDays: 35, memoryBytes: 1 });
      return { open: async (stream) => (opened.push(await indexes.open(stream)), opened.at(-1)!) };
    };
    const ledger = new MemoryCorrectionLedger();
    const first = partition.worker({ directory, indexes: on('first'), ledger });
    for (let i = 0; i < 3; i++) {
      await partition.publishUsage(...events(i * 5, i * 5 + 5));
      await partition.drain(first);
    }
    await opened[0]!.settled();
    await first.release();
    await (await jetstreamManager(nc)).streams.purge(streamOf('PRICED', generation, 0).stream, { seq: 3 });
    await partition.publishUsage(...events(12, 18));
    const second = partition.worker({ directory, indexes: on('second'), writerId: 'two', ledger });
    await partition.drain(second);
    expect(second.identities).toBe(18);
    expect((await partition.priced()).at(-1)!.runs.flatMap(({ outcomes }) => [...outcomes])).toEqual([...Array(3).fill(Outcome.duplicate), ...Array(3).fill(Outcome.priced)]);
    await second.release();
  });

  it('refuses to go on when PRICED ends before, or differs from, what its index has seen', async () => {
    await partition.publishUsage({ id: 'a' });
    const worker = partition.worker({ directory });
    await partition.drain(worker);
    await worker.release();
    const { streamId } = await partition.log.state();
    const further = async (pricedSequence: number): Promise<void> => {
      const index = await new SegmentedIdempotencyIndexes({ directory, windowDays: 35 }).open({ partition: 0, streamId });
      await index.cover({ pricedSequence, sourceTo: 1, checksum: 1 });
      await index.close();
    };
    await further(1);
    await expect(partition.worker({ directory }).recover()).rejects.toThrow('message 1 is not the one that the idempotency index has seen');
    await further(7);
    await expect(partition.worker({ directory }).recover()).rejects.toThrow('it ends at 1, but the idempotency index has seen 7');
  });
});
