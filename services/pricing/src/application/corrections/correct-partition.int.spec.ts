import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { correctionSubject, Outcome, type PricedRun } from '@ledgerline/contracts';
import { connectNats, type NatsConnection } from '@ledgerline/messaging';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { addUp, correctionOf } from '../../../test/corrections.js';
import { freshNats, type FreshNats } from '@ledgerline/testing';
import { MemoryCorrectionLedger } from '../../../test/memory-correction-ledger.js';
import { PartitionUnderTest } from '../../../test/partition-under-test.js';
import { usageIdTextOf } from '../../../test/usage-events.js';
import { type CorrectionLedger } from './correction-ledger.js';
import { PARKED_APPLIED } from './project-corrections.js';

const { applied, refused, quarantined, priced } = Outcome;
const generation = 1;
/** Tells the tests' folders apart. */
let test = 0;
let nats: FreshNats;
let nc: NatsConnection;
let directory: string;
let partition: PartitionUnderTest;

beforeAll(async () => {
  nats = await freshNats();
  nc = await connectNats(nats.url, 'test');
  directory = mkdtempSync(join(tmpdir(), 'ledgerline-corrections-'));
});
afterAll(async () => {
  await nc.close();
  await nats.stop();
  rmSync(directory, { recursive: true, force: true });
});
beforeEach(async () => {
  partition = await PartitionUnderTest.create(nc, generation);
  test++;
});

const worker = (ledger: CorrectionLedger, writerId = 'one') => partition.worker({ directory: join(directory, `${test}-${writerId}`), ledger, writerId });
const runs = async (): Promise<PricedRun[]> => (await partition.priced()).flatMap((envelope) => envelope.runs);
const net = async (id: string) => addUp(await runs()).get(usageIdTextOf({ id }));

describe('corrections in a partition', () => {
  it('find their originals in the same batch and in older ones', async () => {
    const ledger = new MemoryCorrectionLedger();
    for (let n = 0; n < 9; n++) await partition.publishUsage({ id: `old-${n}` }, { id: `older-${n}` });
    const one = worker(ledger);
    await partition.drain(one);
    await partition.publishUsage({ id: 'new' });
    await partition.publishCorrections(correctionOf({ of: 'new' }), correctionOf({ of: 'older-4', kind: 'refund' }));
    await partition.publishUsage({ id: 'newer' });
    await partition.drain(one);
    expect((await runs()).map(({ outcomes }) => [...outcomes]).slice(9)).toEqual([[priced], [applied, applied], [priced]]);
    expect(await net('new')).toMatchObject({ events: 0, costPico: 0n });
    expect(await net('older-4')).toMatchObject({ events: 1, costPico: 0n });
    expect((await net('old-4'))!.costPico).toBeGreaterThan(0n);
  });

  it('decide alike in a worker that takes over with a ledger that is behind, or empty', async () => {
    const ledger = new MemoryCorrectionLedger();
    await partition.publishUsage({ id: 'a' }, { id: 'b' });
    await partition.publishCorrections(correctionOf({ of: 'a', kind: 'adjust', costUsd: '1', correctionId: 'one' }), correctionOf({ of: 'later', awaitsOriginal: true }));
    await partition.drain(worker(ledger));
    await partition.publishCorrections(correctionOf({ of: 'a', kind: 'adjust', costUsd: '1', correctionId: 'one' }), correctionOf({ of: 'a', kind: 'refund', correctionId: 'two' }), correctionOf({ of: 'a', kind: 'refund', costUsd: '2', correctionId: 'three' }));
    await partition.publishUsage({ id: 'later' });
    await partition.drain(worker(new MemoryCorrectionLedger(), 'two'));
    const last = await runs();
    expect(last.slice(2).map(({ outcomes }) => [...outcomes])).toEqual([[Outcome.duplicate, applied, refused], [priced]]);
    expect(last[3]!.reasons).toEqual([{ index: 0, code: PARKED_APPLIED, detail: 'c-1' }]);
    expect(await net('a')).toMatchObject({ events: 1, costPico: 0n });
    expect(await net('later')).toMatchObject({ events: 0, costPico: 0n });
  });

  it('are in PRICED before the ledger has them: a worker that dies in between leaves nothing undone', async () => {
    const broken = new MemoryCorrectionLedger();
    const save = broken.save.bind(broken);
    let fail = false;
    broken.save = async (...args) => {
      if (fail) throw new Error('Postgres is away');
      await save(...args);
    };
    const one = worker(broken);
    await partition.publishUsage({ id: 'a' });
    await partition.drain(one);
    await partition.publishCorrections(correctionOf({ of: 'a' }));
    fail = true;
    await expect(partition.drain(one)).rejects.toThrow('Postgres is away');
    fail = false;
    await partition.publishCorrections(correctionOf({ of: 'a' }), correctionOf({ of: 'a', correctionId: 'other' }));
    await partition.drain(one);
    expect((await runs()).map(({ outcomes }) => [...outcomes])).toEqual([[priced], [applied], [Outcome.duplicate, refused]]);
    expect(await net('a')).toMatchObject({ events: 0, costPico: 0n });
  });

  it('several of one event in messages that are decided together see each other', async () => {
    await partition.publishUsage({ id: 'a' });
    for (let n = 1; n <= 80; n++) await partition.publishCorrections(correctionOf({ of: 'a', kind: 'adjust', costUsd: String(n), correctionId: `c-${n}` }));
    await partition.drain(worker(new MemoryCorrectionLedger()));
    const entries = (await runs()).flatMap(({ deltas }) => deltas?.entries ?? []);
    expect(entries.map(({ version, retracts }) => (retracts ? -version : version))).toEqual(Array.from({ length: 80 }, (_, n) => [-n, n + 1]).flat());
    expect((await net('a'))!.costPico).toBe(80_000_000_000_000n);
  });

  it('that nobody can read are one quarantined item, and the partition goes on', async () => {
    await partition.publishBytes(new Uint8Array([1, 2, 3]), correctionSubject(generation, 0));
    await partition.publishUsage({ id: 'a' });
    await partition.drain(worker(new MemoryCorrectionLedger()));
    expect((await runs()).map(({ outcomes, undecodable }) => [[...outcomes], undecodable])).toEqual([
      [[quarantined], true],
      [[priced], false],
    ]);
  });
});
