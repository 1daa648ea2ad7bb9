import { describe, expect, it } from '@jest/globals';
import { decodePricedEnvelope, Outcome, readInt128, usageIdText, decodeUsageEnvelope } from '@ledgerline/contracts';
import { seedPriceBook } from '@ledgerline/domain-pricing';
import { AnswerLostError, type Fate, ModelProcess } from '@ledgerline/testing';
import fc from 'fast-check';
import { MemoryCorrectionLedger, nothingStored } from '../../test/memory-correction-ledger.js';
import { MemoryPricedLog } from '../../test/memory-priced-log.js';
import { countedIn } from '../../test/partition-under-test.js';
import { type GivenEvent, RECORDED_AT_US, terms, usageEnvelope } from '../../test/usage-events.js';
import { MemoryIdempotencyIndexes } from '@ledgerline/idempotency-index';
import { type UsageMessage } from './decide-run.js';
import { AnotherWriterError, PricePartition } from './price-partition.js';

/** A busy machine may need far longer than the seconds that this takes. */
const LIMIT_MS = 300_000;

/** Few identities, so that most events are copies of others, with the same content or with another. */
const event = fc.record<GivenEvent>({
  id: fc.constantFrom('a', 'b', 'c', 'd', 'e'),
  model: fc.constantFrom('gpt-4o', 'gpt-4o', 'no-such-model'),
  usage: fc.record({ input_tokens: fc.constantFrom(1_000, 1_000, 2_000) }),
});
const envelope = fc.oneof({ weight: 9, arbitrary: fc.array(event, { minLength: 1, maxLength: 4 }).map((events) => usageEnvelope(events).slice()) }, { weight: 1, arbitrary: fc.uint8Array({ maxLength: 40 }) });
const usageLog = fc.array(envelope, { minLength: 1, maxLength: 8 }).map((all) => all.map((data, i): UsageMessage => ({ sequence: i + 1, timestampUs: RECORDED_AT_US + i, subject: '', data })));
const fate = fc.record<Fate>({
  diesAt: fc.oneof({ weight: 3, arbitrary: fc.integer({ min: 1, max: 60 }) }, { weight: 1, arbitrary: fc.constant(Infinity) }),
  losesAnswersAt: fc.array(fc.integer({ min: 1, max: 60 }), { maxLength: 4 }),
});
const immortal: Fate = { diesAt: Infinity, losesAnswersAt: [] };
/** Sizes of the batches that a worker takes, in turn. */
const batches = fc.array(fc.integer({ min: 1, max: 4 }), { minLength: 1, maxLength: 5 });

/** A worker of the partition, as its consumer drives it: from the stored position in batches, and from there again after every failure. */
async function work(process: ModelProcess, log: MemoryPricedLog, sizes: readonly number[]): Promise<void> {
  const indexes = new MemoryIdempotencyIndexes();
  const worker = new PricePartition({
    terms: terms(),
    book: seedPriceBook(),
    log: log.asSeenBy(process),
    indexes,
    // Both believe it: only the log itself keeps them apart.
    ownership: { assertOwned: async () => undefined },
    ledger: new MemoryCorrectionLedger(),
    stored: nothingStored,
    writerId: process.name,
  });
  for (let turn = 0; ; ) {
    try {
      let { sequence } = await worker.recover();
      while (sequence < log.usage.length) {
        const batch = log.usage.slice(sequence, sequence + sizes[turn++ % sizes.length]!);
        await worker.price(batch);
        sequence += batch.length;
      }
      return;
    } catch (error) {
      if (!(error instanceof AnotherWriterError || error instanceof AnswerLostError || (error as Error).message.includes('not stored after'))) throw error;
    }
  }
}

/** Workers side by side, each followed by another when it dies, until somebody has done all of it and nobody has anything left to do. */
async function run(scheduler: fc.Scheduler, usage: readonly UsageMessage[], fates: readonly (readonly Fate[])[], sizes: readonly number[]): Promise<MemoryPricedLog> {
  const log = new MemoryPricedLog(usage);
  const done = fates.map(
    (lives, lane) =>
      new Promise<void>((resolve, reject) => {
        const live = (life: number): void => {
          const process = new ModelProcess(scheduler, `worker ${lane}.${life}`, lives[life] ?? immortal, () => live(life + 1));
          work(process, log, sizes).then(resolve, reject);
        };
        live(0);
      }),
  );
  await scheduler.waitFor(Promise.all(done));
  await scheduler.waitAll();
  return log;
}

const outcomesOf = (log: MemoryPricedLog): unknown[] =>
  log.messages.flatMap(({ data }) =>
    decodePricedEnvelope(data.slice()).runs.map(({ sourceSequence, outcomes, costs, reasons }) => ({ sourceSequence, outcomes: [...outcomes], costs: Buffer.from(costs).toString('hex'), reasons })),
  );

/** What one worker that nothing happens to makes of it, a message at a time. */
async function undisturbed(usage: readonly UsageMessage[]): Promise<MemoryPricedLog> {
  const log = new MemoryPricedLog(usage);
  const quiet = { ask: async <T>(_: string, carryOut: () => T | Promise<T>): Promise<T> => carryOut(), name: 'replay' } as ModelProcess;
  await work(quiet, log, [1]);
  return log;
}

/** Sum of the costs counted, in 1e-12 USD, by identity. */
function countedCosts(log: MemoryPricedLog): Map<string, bigint> {
  const costs = new Map<string, bigint>();
  for (const { data } of log.messages) {
    for (const run of decodePricedEnvelope(data.slice()).runs) {
      if (run.undecodable) continue;
      const { usageIds } = decodeUsageEnvelope(run.usage);
      run.outcomes.forEach((outcome, row) => {
        if (outcome !== Outcome.priced && outcome !== Outcome.unpriced) return;
        const id = usageIdText(usageIds, row * 16);
        costs.set(id, (costs.get(id) ?? 0n) + readInt128(run.costs, row * 16));
      });
    }
  }
  return costs;
}

describe('pricing a partition, whatever dies at whatever moment', () => {
  it('workers that are killed and lose answers leave what one undisturbed worker leaves: each USAGE message once, each identity once', async () => {
    await fc.assert(
      fc.asyncProperty(fc.scheduler(), usageLog, fc.array(fate, { maxLength: 5 }), batches, async (scheduler, usage, lives, sizes) => {
        const log = await run(scheduler, usage, [lives], sizes);
        const counted = countedIn(log.messages.map(({ data }) => decodePricedEnvelope(data.slice())));
        expect(new Set(counted).size).toBe(counted.length);
        expect(outcomesOf(log)).toEqual(outcomesOf(await undisturbed(usage)));
      }),
      { numRuns: 1_000 },
    );
  }, LIMIT_MS);

  it('two workers that both believe to own it leave the same', async () => {
    await fc.assert(
      fc.asyncProperty(fc.scheduler(), usageLog, fc.array(fate, { maxLength: 3 }), fc.array(fate, { maxLength: 3 }), batches, async (scheduler, usage, some, others, sizes) => {
        const log = await run(scheduler, usage, [some, others], sizes);
        expect(outcomesOf(log)).toEqual(outcomesOf(await undisturbed(usage)));
      }),
      { numRuns: 700 },
    );
  }, LIMIT_MS);

  it('counts the same identities at the same cost in whatever order and however often the events arrive', async () => {
    const distinct = fc.uniqueArray(fc.record<GivenEvent>({ id: fc.constantFrom(...'abcdefghijkl'), usage: fc.record({ input_tokens: fc.nat(9_999) }) }), { selector: ({ id }) => id, minLength: 1 });
    const repeated = distinct.chain((events) => fc.tuple(fc.constant(events), fc.subarray(events), fc.infiniteStream(fc.nat(1_000_000))));
    await fc.assert(
      fc.asyncProperty(
        repeated.map(([events, copies, places]) => {
          const order = [...events, ...copies].map((one) => ({ one, place: places.next().value! }));
          return [events, order.sort((a, b) => a.place - b.place).map(({ one }) => one)] as const;
        }),
        fc.integer({ min: 1, max: 5 }),
        async ([events, arriving], size) => {
          const messages = (all: readonly GivenEvent[], each: number): UsageMessage[] =>
            Array.from({ length: Math.ceil(all.length / each) }, (_, i) => ({ sequence: i + 1, timestampUs: RECORDED_AT_US + i, subject: '', data: usageEnvelope(all.slice(i * each, (i + 1) * each)).slice() }));
          const once = countedCosts(await undisturbed(messages(events, 1)));
          const mixed = countedCosts(await undisturbed(messages(arriving, size)));
          expect(new Map([...mixed].sort())).toEqual(new Map([...once].sort()));
        },
      ),
      { numRuns: 200 },
    );
  });
});
