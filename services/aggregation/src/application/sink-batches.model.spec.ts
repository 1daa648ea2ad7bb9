import { describe, expect, it } from '@jest/globals';
import { ClickHouseFault } from '@ledgerline/clickhouse';
import { Outcome, type PricedRun } from '@ledgerline/contracts';
import { type PartitionBatch, type PartitionMessage } from '@ledgerline/messaging';
import { LeaseLostError } from '@ledgerline/postgres';
import { AnswerLostError, type EventSpec, type Fate, ModelProcess, pricedBytes, RECORDED_AT_US, runOf } from '@ledgerline/testing';
import fc from 'fast-check';
import { MemoryRangeLedger, MemoryUsageStore, type StoredSource } from '../../test/memory-ports.js';
import { RangeMismatchError } from './insert-range.js';
import { SinkBatches } from './sink-batches.js';

/** A busy machine may need far longer than the seconds that this takes. */
const LIMIT_MS = 300_000;
const PARTITIONS = [0, 1];
const MONTH_US = 31 * 86_400 * 1_000_000;
const logger = { info() {}, warn() {} };

/** PRICED of one partition: its USAGE messages in runs, some of them emitted twice, some in the next month, some with nothing that counts. */
const outcome = fc.constantFrom(Outcome.priced, Outcome.priced, Outcome.unpriced, Outcome.duplicate);
const message = fc.record({ runs: fc.array(fc.array(outcome, { minLength: 1, maxLength: 3 }), { minLength: 1, maxLength: 2 }), again: fc.boolean(), monthLater: fc.boolean() });
const partition = fc.array(message, { maxLength: 4 });
const fate = fc.record<Fate>({
  diesAt: fc.oneof({ weight: 3, arbitrary: fc.integer({ min: 1, max: 50 }) }, { weight: 1, arbitrary: fc.constant(Infinity) }),
  losesAnswersAt: fc.array(fc.integer({ min: 1, max: 50 }), { maxLength: 3 }),
});
const immortal: Fate = { diesAt: Infinity, losesAnswersAt: [] };

interface Priced {
  /** By partition, in order. */
  readonly streams: PartitionMessage[][];
  /** What has to be in the table in the end. */
  readonly expected: StoredSource[];
}

const priced = fc.tuple(partition, partition).map((both): Priced => {
  const expected: StoredSource[] = [];
  const streams = both.map((messages, index) => {
    const stream: PartitionMessage[] = [];
    let source = 0;
    let month = 0;
    for (const { runs, again, monthLater } of messages) {
      if (monthLater) month = 1;
      const run: PricedRun[] = runs.map((outcomes) => runOf(index, ++source, outcomes.map((one): EventSpec => ({ outcome: one })), RECORDED_AT_US + source + month * MONTH_US));
      const data = pricedBytes(index, run);
      for (let copy = 0; copy < (again ? 2 : 1); copy++) stream.push({ partition: index, sequence: stream.length + 1, timestampUs: 0, subject: '', data });
      runs.forEach((outcomes, i) => {
        const rows = outcomes.filter((one) => one !== Outcome.duplicate).length;
        if (rows > 0) expected.push({ partition: index, sequence: run[i]!.sourceSequence, rows });
      });
    }
    return stream;
  });
  return { streams, expected };
});

/** A sink as its transport drives it: it takes the lease, reads on behind the checkpoints in batches, and starts again after every failure until the lease is another's. */
async function work(process: ModelProcess, ledger: MemoryRangeLedger, store: MemoryUsageStore, scheduler: fc.Scheduler, streams: Priced['streams'], size: number): Promise<void> {
  const sink = new SinkBatches({ shards: 1, ledger: ledger.asSeenBy(process), store: store.asSeenBy(process), logger, pause: () => scheduler.schedule(Promise.resolve(), 'a rest') });
  let epoch = 0;
  for (;;) {
    try {
      // Without an answer it does not know its epoch and has to take the lease again.
      if (epoch === 0) epoch = await process.ask('acquire', () => ledger.acquire());
      const checkpoints = await sink.loadCheckpoints(PARTITIONS);
      const at = PARTITIONS.map((index) => checkpoints.get(index)?.sequence ?? 0);
      for (;;) {
        const batch: PartitionBatch = { unit: 0, messages: [], epochs: new Map([[0, epoch]]), heads: new Map() };
        for (const index of PARTITIONS) {
          const taken = streams[index]!.slice(at[index], at[index]! + size);
          if (taken.length === 0) continue;
          batch.messages.push(...taken);
          at[index] = at[index]! + taken.length;
          batch.heads.set(index, { sequence: at[index]!, streamId: '', messageDigest: '', highestSeen: at[index]! });
        }
        if (batch.messages.length === 0) return;
        await sink.handle(batch);
      }
    } catch (error) {
      if (error instanceof LeaseLostError) return;
      if (!(error instanceof AnswerLostError || error instanceof ClickHouseFault || error instanceof RangeMismatchError)) throw error;
    }
  }
}

const inOrder = (sources: readonly StoredSource[]): StoredSource[] => [...sources].sort((a, b) => a.partition - b.partition || a.sequence - b.sequence);

async function run(scheduler: fc.Scheduler, { streams }: Priced, lanes: readonly (readonly Fate[])[], size: number): Promise<StoredSource[]> {
  const ledger = new MemoryRangeLedger();
  const store = new MemoryUsageStore(scheduler);
  const done = lanes.map(
    (lives, lane) =>
      new Promise<void>((resolve, reject) => {
        const live = (life: number): void => {
          const process = new ModelProcess(scheduler, `sink ${lane}.${life}`, lives[life] ?? immortal, () => live(life + 1));
          work(process, ledger, store, scheduler, streams, size).then(resolve, reject);
        };
        live(0);
      }),
  );
  await scheduler.waitFor(Promise.all(done));
  await scheduler.waitAll();
  return store.table;
}

describe('a sink, whatever dies at whatever moment', () => {
  it('that is killed and loses answers puts each source message into the store once, with all of its rows', async () => {
    await fc.assert(
      fc.asyncProperty(fc.scheduler(), priced, fc.array(fate, { maxLength: 5 }), fc.integer({ min: 1, max: 4 }), async (scheduler, given, lives, size) => {
        expect(inOrder(await run(scheduler, given, [lives], size))).toEqual(inOrder(given.expected));
      }),
      { numRuns: 1_000 },
    );
  }, LIMIT_MS);

  it('beside another that took its lease over, or takes it back, does the same', async () => {
    await fc.assert(
      fc.asyncProperty(fc.scheduler(), priced, fc.array(fate, { maxLength: 3 }), fc.array(fate, { maxLength: 3 }), fc.integer({ min: 1, max: 4 }), async (scheduler, given, some, others, size) => {
        expect(inOrder(await run(scheduler, given, [some, others], size))).toEqual(inOrder(given.expected));
      }),
      { numRuns: 1_000 },
    );
  }, LIMIT_MS);
});
