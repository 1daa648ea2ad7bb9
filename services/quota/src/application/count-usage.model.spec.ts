import { describe, expect, it } from '@jest/globals';
import { type Quota } from '@ledgerline/domain-quota';
import { type PartitionBatch, type PartitionMessage } from '@ledgerline/messaging';
import { AnswerLostError, type Fate, ModelProcess } from '@ledgerline/testing';
import fc from 'fast-check';
import { MemoryQuotaStore } from '../../test/memory-quota-store.js';
import { envelopeOf, runOf } from '../../test/priced-feed.js';
import { readPriced } from '../consumers/read-priced.js';
import { CountUsage } from './count-usage.js';
import { CheckpointMovedError } from './ports.js';

/** A busy machine may need far longer than the seconds that this takes. */
const LIMIT_MS = 300_000;
const PARTITIONS = [0, 1];
const CUSTOMERS = ['acme', 'zeta'];
const LIMIT_TOKENS = 10n;
const THRESHOLDS = [50, 100];
const QUOTAS = CUSTOMERS.map((customerId): Quota => ({ id: `quota-${customerId}`, customerId, metric: 'tokens', provider: null, model: null, terms: { limit: LIMIT_TOKENS, thresholds: THRESHOLDS }, limitVersion: 1 }));

interface Event {
  readonly customer: string;
  readonly tokens: number;
}

const event = fc.record<Event>({ customer: fc.constantFrom(...CUSTOMERS), tokens: fc.integer({ min: 0, max: 4 }) });
/** One PRICED message, and whether the same is there once more behind it. */
const message = fc.record({ events: fc.array(event, { minLength: 1, maxLength: 3 }), again: fc.boolean() });
const partitions = fc.tuple(fc.array(message, { maxLength: 4 }), fc.array(message, { maxLength: 4 }));
const fate = fc.record<Fate>({
  diesAt: fc.oneof({ weight: 3, arbitrary: fc.integer({ min: 1, max: 60 }) }, { weight: 1, arbitrary: fc.constant(Infinity) }),
  losesAnswersAt: fc.array(fc.integer({ min: 1, max: 60 }), { maxLength: 3 }),
});
const immortal: Fate = { diesAt: Infinity, losesAnswersAt: [] };

type Given = readonly (readonly { events: readonly Event[]; again: boolean }[])[];

function streamsOf(given: Given): PartitionMessage[][] {
  return given.map((messages, partition) => {
    const stream: PartitionMessage[] = [];
    messages.forEach(({ events, again }, i) => {
      const data = envelopeOf(partition, [runOf(i + 1, partition, events.map(({ customer, tokens }) => ({ customer, model: `model-${partition}`, usage: { input_tokens: tokens }, cost: 1n })))]);
      for (let copy = 0; copy < (again ? 2 : 1); copy++) stream.push({ partition, sequence: stream.length + 1, timestampUs: 0, subject: '', data });
    });
    return stream;
  });
}

/** A copy as its consumer drives it: from the stored checkpoints in batches, and from there again after every failure. */
async function work(process: ModelProcess, store: MemoryQuotaStore, streams: PartitionMessage[][], size: number, owned: readonly number[]): Promise<void> {
  const counting = new CountUsage(store.asSeenBy(process), { nowMs: () => 0 }, Infinity);
  for (;;) {
    try {
      const counted = new Map(await process.ask('load checkpoints', () => store.checkpoints));
      for (;;) {
        const batch: PartitionBatch = { unit: null, messages: [], epochs: new Map(), heads: new Map() };
        for (const partition of owned) {
          const from = counted.get(partition)?.sequence ?? 0;
          const taken = streams[partition]!.slice(from, from + size);
          if (taken.length === 0) continue;
          batch.messages.push(...taken);
          const sequence = from + taken.length;
          batch.heads.set(partition, { sequence, streamId: '', messageDigest: '', highestSeen: sequence });
        }
        if (batch.messages.length === 0) return;
        const { tally, moves, heldByHour } = readPriced(batch, 1, counted);
        await counting.execute({ generation: 1, epochs: batch.epochs, moves, tally, heldByHour });
        for (const { partition, sequence, sourceSequence } of moves) counted.set(partition, { sequence, sourceSequence });
      }
    } catch (error) {
      if (!(error instanceof CheckpointMovedError || error instanceof AnswerLostError)) throw error;
    }
  }
}

/** @param lanes by copy, how its lives end; @param owned by copy, the partitions that it takes for its own */
async function run(scheduler: fc.Scheduler, given: Given, lanes: readonly (readonly Fate[])[], size: number, owned = lanes.map(() => PARTITIONS)): Promise<MemoryQuotaStore> {
  const store = new MemoryQuotaStore(QUOTAS);
  const streams = streamsOf(given);
  const done = lanes.map(
    (lives, lane) =>
      new Promise<void>((resolve, reject) => {
        const live = (life: number): void => {
          const process: ModelProcess = new ModelProcess(scheduler, `copy ${lane}.${life}`, lives[life] ?? immortal, () => {
            void scheduler.schedule(Promise.resolve(), `Postgres notices the end of copy ${lane}.${life}`).then(() => store.abortAllOf(process.name));
            live(life + 1);
          });
          work(process, store, streams, size, owned[lane]!).then(resolve, reject);
        };
        live(0);
      }),
  );
  await scheduler.waitFor(Promise.all(done));
  await scheduler.waitAll();
  return store;
}

function expectCountedOnce(store: MemoryQuotaStore, given: Given): void {
  const totals = new Map<string, bigint>();
  const counted = new Map<string, bigint>();
  for (const [key, tokens] of store.sums) counted.set(key.split(' ')[0]!, (counted.get(key.split(' ')[0]!) ?? 0n) + tokens);
  for (const { events } of given.flat()) for (const { customer, tokens } of events) totals.set(customer, (totals.get(customer) ?? 0n) + BigInt(tokens));
  expect(counted).toEqual(totals);
  expect([...store.customersSeen].sort()).toEqual([...totals.keys()].sort());
  const crossed = store.decisions.map(({ window, event: { kind, thresholdPercent } }) => `${window.quota.customerId} ${kind} ${thresholdPercent}`);
  const reached = [...totals].flatMap(([customer, tokens]) => THRESHOLDS.filter((percent) => tokens * 100n >= LIMIT_TOKENS * BigInt(percent)).map((percent) => `${customer} crossed ${percent}`));
  expect(crossed.sort()).toEqual(reached.sort());
}

describe('counting usage, whatever dies at whatever moment', () => {
  it('a copy that is killed and loses answers counts every event once and announces every crossing once', async () => {
    await fc.assert(
      fc.asyncProperty(fc.scheduler(), partitions, fc.array(fate, { maxLength: 5 }), fc.integer({ min: 1, max: 4 }), async (scheduler, given, lives, size) => {
        expectCountedOnce(await run(scheduler, given, [lives], size), given);
      }),
      { numRuns: 700 },
    );
  }, LIMIT_MS);

  it('two copies that both believe to own every partition do the same', async () => {
    await fc.assert(
      fc.asyncProperty(fc.scheduler(), partitions, fc.array(fate, { maxLength: 3 }), fc.array(fate, { maxLength: 3 }), fc.integer({ min: 1, max: 4 }), async (scheduler, given, some, others, size) => {
        expectCountedOnce(await run(scheduler, given, [some, others], size), given);
      }),
      { numRuns: 700 },
    );
  }, LIMIT_MS);

  it('two copies with a partition each count usage of the same customers at the same time, and miss or repeat no crossing', async () => {
    await fc.assert(
      fc.asyncProperty(fc.scheduler(), partitions, fc.array(fate, { maxLength: 3 }), fc.array(fate, { maxLength: 3 }), fc.integer({ min: 1, max: 4 }), async (scheduler, given, some, others, size) => {
        expectCountedOnce(await run(scheduler, given, [some, others], size, PARTITIONS.map((partition) => [partition])), given);
      }),
      { numRuns: 700 },
    );
  }, LIMIT_MS);
});
