import { describe, expect, it } from '@jest/globals';
import { DeltaKind, Outcome, type PricedRun } from '@ledgerline/contracts';
import { type PartitionBatch } from '@ledgerline/messaging';
import fc from 'fast-check';
import { ExactColumn } from '../src/application/exact-column.js';
import { readPriced } from '../src/consumers/read-priced.js';
import { histories, playedOut } from './correction-history.js';
import { sumsOfEvents, sumsOfTallies } from './net-sums.js';
import { correctionRunOf, deltasOf, envelopeOf, runOf } from './priced-feed.js';

/** Cuts a list behind the places where `cuts`, repeated, says so. */
function cut<T>(list: readonly T[], cuts: readonly boolean[]): T[][] {
  const groups: T[][] = [];
  list.forEach((one, i) => {
    if (i === 0 || cuts[i % Math.max(cuts.length, 1)]) groups.push([]);
    groups.at(-1)!.push(one);
  });
  return groups;
}

const batchOf = (messages: readonly Uint8Array[]): PartitionBatch => ({
  unit: null,
  messages: messages.map((data, i) => ({ partition: 0, sequence: i + 1, timestampUs: 0, subject: '', data })),
  epochs: new Map(),
  heads: new Map(),
});

/** Reads messages in batches, each from where the one before ended. */
function readAll(messages: readonly (readonly PricedRun[])[], cuts: readonly boolean[]) {
  let sourceSequence = 0;
  return cut(messages, cuts).map((batch) => {
    const { tally, unreadable } = readPriced(batchOf(batch.map((runs) => envelopeOf(0, runs))), 1, new Map([[0, { sequence: 0, sourceSequence }]]));
    expect(unreadable).toEqual([]);
    sourceSequence = batch.at(-1)!.at(-1)!.sourceSequence;
    return tally;
  });
}

const cuts = fc.array(fc.boolean(), { maxLength: 10 });

describe('signed rows', () => {
  it('leave the sums at what the events should be, however they are cut into messages and batches', () => {
    fc.assert(
      fc.property(histories(['acme', 'zeta']), cuts, cuts, (steps, messageCuts, batchCuts) => {
        const { runs, net } = playedOut(0, steps);
        expect(sumsOfTallies(readAll(cut(runs, messageCuts), batchCuts))).toEqual(sumsOfEvents(net));
      }),
      { numRuns: 300 },
    );
  });

  it('count once when their run is emitted again', () => {
    fc.assert(
      fc.property(histories(['acme']), fc.nat(), (steps, place) => {
        const { runs, net } = playedOut(0, steps);
        const at = place % runs.length;
        const again = [runs.slice(0, at + 1), runs.slice(at), runs].filter((message) => message.length > 0);
        expect(sumsOfTallies(readAll(again, [false]))).toEqual(sumsOfEvents(net));
      }),
    );
  });

  it('of a void and of nothing else leave nothing behind', () => {
    const event = { customer: 'c', provider: 'p', model: 'm', occurredAt: '2023-11-02T00:00:00Z', usage: { input_tokens: 5, seconds: 7n, requests: 3 }, cost: 11n };
    const runs = [runOf(1, 0, [event]), correctionRunOf(2, 0, [{ ...event, retracts: true, kind: DeltaKind.voided }])];
    expect(sumsOfTallies(readAll([runs], []))).toEqual({});
  });

  it('of an event whose price was unknown take back the unknown, not a cost', () => {
    const event = { customer: 'c', provider: 'p', model: 'm', occurredAt: '2023-11-02T00:00:00Z' };
    const rows = [{ ...event, retracts: true, kind: DeltaKind.repriced }, { ...event, cost: 25n, kind: DeltaKind.repriced, version: 1 }];
    const [tally] = readAll([[runOf(1, 0, [event]), correctionRunOf(2, 0, rows)]], []);
    expect([tally!.sums.unpriced_events.text(0), tally!.sums.cost_usd.text(0), tally!.sums.event_count.text(0)]).toEqual(['0', '25', '1']);
    expect(tally!.events).toBe(1);
  });

  it('that do not fit their entries, or are neither priced nor unpriced, are refused whole, and what follows waits', () => {
    const rows = [{ customer: 'c', cost: 1n }, { customer: 'c', cost: 2n }];
    const broken = [
      { ...deltasOf(1, 0, rows), entries: deltasOf(1, 0, rows).entries.slice(1) },
      deltasOf(1, 0, [{ customer: 'c', outcome: Outcome.duplicate }]),
      { ...deltasOf(1, 0, rows), rows: Buffer.from('x') },
    ];
    for (const deltas of broken) {
      const { tally, unreadable } = readPriced(batchOf([envelopeOf(0, [{ ...runOf(1, 0, [{ customer: 'c' }]), deltas }])]), 1, new Map());
      expect([tally.rowCount, unreadable.length]).toEqual([0, 1]);
    }
  });
});

describe('a column of sums', () => {
  it('is exact for amounts of either sign, at any size', () => {
    const small = fc.tuple(fc.constant('add' as const), fc.maxSafeInteger());
    const big = fc.tuple(fc.constant('addBig' as const), fc.bigInt({ min: -(2n ** 100n), max: 2n ** 100n }));
    fc.assert(
      fc.property(fc.array(fc.oneof(small, big), { maxLength: 30 }), (amounts) => {
        const column = new ExactColumn();
        let sum = 0n;
        for (const [how, amount] of amounts) {
          if (how === 'add') column.add(3, amount);
          else column.addBig(3, amount);
          sum += BigInt(amount);
        }
        expect(column.text(3)).toBe(String(sum));
      }),
    );
  });
});
