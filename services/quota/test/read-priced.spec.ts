import { describe, expect, it } from '@jest/globals';
import { Outcome } from '@ledgerline/contracts';
import { type PartitionBatch } from '@ledgerline/messaging';
import fc from 'fast-check';
import { readPriced, SourceGapError } from '../src/consumers/read-priced.js';
import { envelopeOf, runOf, type TestEvent } from './priced-feed.js';

const event = (requests: number, outcome: Outcome = Outcome.priced): TestEvent => ({
  customer: 'c',
  usage: { requests },
  cost: 0n,
  outcome,
});

/** A batch of one partition's messages, given as bytes, from sequence 1 on. */
function batchOf(messages: Uint8Array[], partition = 0): PartitionBatch {
  return {
    unit: null,
    messages: messages.map((data, i) => ({ partition, sequence: i + 1, timestampUs: 0, subject: '', data })),
    epochs: new Map(),
    heads: new Map([[partition, { sequence: messages.length, streamId: 'c', messageDigest: 'd', highestSeen: messages.length }]]),
  };
}

const read = (messages: Uint8Array[], sourceSequence = 0) =>
  readPriced(batchOf(messages), 1, new Map([[0, { sequence: 0, sourceSequence }]]));
const requests = (result: ReturnType<typeof readPriced>) => (result.tally.rowCount ? result.tally.sums.requests.text(0) : '0');

describe('reading PRICED', () => {
  it('counts what is priced or unpriced, and nothing else', () => {
    const outcomes = Object.values(Outcome).map((outcome, i) => event(10 ** i, outcome));
    expect(requests(read([envelopeOf(0, [runOf(1, 0, outcomes)])]))).toBe('11');
  });

  it('passes over runs whose source is counted already', () => {
    const again = envelopeOf(0, [runOf(1, 0, [event(1)]), runOf(2, 0, [event(10)]), runOf(3, 0, [event(100)])]);
    const result = read([again, again], 2);
    expect(requests(result)).toBe('100');
    expect(result.moves).toMatchObject([{ partition: 0, fromSequence: 0, fromSourceSequence: 2, sequence: 2, sourceSequence: 3 }]);
  });

  it('stops where USAGE is missing', () => {
    expect(() => read([envelopeOf(0, [runOf(1, 0, [event(1)])]), envelopeOf(0, [runOf(3, 0, [event(1)])])])).toThrow(SourceGapError);
  });

  it('passes over what is no envelope, or one of another partition or generation', () => {
    const result = read([
      Buffer.from('x'),
      envelopeOf(1, [runOf(1, 1, [event(5)])]),
      envelopeOf(0, [runOf(1, 0, [event(5)], 2)], 2),
      envelopeOf(0, [runOf(1, 0, [event(1)])]),
    ]);
    expect(result.unreadable.map(({ message }) => message.sequence)).toEqual([1, 2, 3]);
    expect(requests(result)).toBe('1');
  });

  it('passes over an undecodable USAGE message, which counts as a place all the same', () => {
    const quarantined = {
      ...runOf(1, 0, [event(5)]),
      usage: Buffer.from('x'),
      undecodable: true,
      outcomes: Uint8Array.of(Outcome.quarantined),
      costs: new Uint8Array(16),
    };
    const result = read([envelopeOf(0, [quarantined]), envelopeOf(0, [runOf(2, 0, [event(1)])])]);
    expect(requests(result)).toBe('1');
    expect(result.moves[0]!.sourceSequence).toBe(2);
  });

  it('counts the same however runs are cut into messages', () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 1, max: 1_000 }), { minLength: 1, maxLength: 20 }),
        fc.array(fc.boolean()),
        (amounts, cuts) => {
          const runs = amounts.map((amount, i) => runOf(i + 1, 0, [event(amount)]));
          const groups: (typeof runs)[] = [[]];
          runs.forEach((run, i) => {
            if (i > 0 && cuts[i]) groups.push([]);
            groups.at(-1)!.push(run);
          });
          expect(requests(read(groups.map((group) => envelopeOf(0, group))))).toBe(
            String(amounts.reduce((sum, amount) => sum + amount, 0)),
          );
        },
      ),
    );
  });
});
