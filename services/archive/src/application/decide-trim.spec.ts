import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { decideTrim, type TrimQuestion } from './decide-trim.js';

/** Files of a partition, `sizes` messages each, of which message n covers USAGE up to 2n and has the time 10n. */
function question(sizes: readonly number[], over: Partial<TrimQuestion> = {}): TrimQuestion {
  let to = 0;
  const files = sizes.map((size) => {
    const from = to + 1;
    to += size;
    return { from, to, sourceTo: to * 2, pricedToUs: to * 10 };
  });
  return { files, readers: new Map([['all', Infinity]]), olderThanUs: Infinity, pricedLast: to, usageLast: to * 2, trimmed: { pricedBefore: 1, usageBefore: 1 }, ...over };
}

describe('trimming', () => {
  it('takes whole archived files, and leaves the last message of each stream', () => {
    expect(decideTrim(question([5, 5]))).toEqual({ pricedBefore: 10, usageBefore: 20 });
    expect(decideTrim(question([5, 5], { pricedLast: 12, usageLast: 24 }))).toEqual({ pricedBefore: 11, usageBefore: 21 });
  });

  it('stops before a file that somebody has not done with', () => {
    expect(decideTrim(question([5, 5, 5], { readers: new Map([['aggregation', 15], ['quota', 9]]) }))).toEqual({ pricedBefore: 6, usageBefore: 11 });
    expect(decideTrim(question([5, 5, 5], { readers: new Map([['aggregation', 15], ['quota', 0]]) }))).toBeNull();
  });

  it('stops before a file of which one message is too young', () => {
    expect(decideTrim(question([5, 5, 5], { olderThanUs: 100 }))).toEqual({ pricedBefore: 6, usageBefore: 11 });
    expect(decideTrim(question([5, 5, 5], { olderThanUs: 101 }))).toEqual({ pricedBefore: 11, usageBefore: 21 });
  });

  it('has nothing to do when everything that may go is gone', () => {
    expect(decideTrim(question([5], { trimmed: { pricedBefore: 5, usageBefore: 10 } }))).toBeNull();
    expect(decideTrim(question([]))).toBeNull();
  });

  it('never passes a reader, a young message, the archive or the last message, and never goes back', () => {
    const sequence = fc.integer({ min: 0, max: 60 });
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 1, max: 8 }), { maxLength: 8 }),
        fc.array(sequence, { minLength: 1, maxLength: 4 }),
        sequence,
        sequence,
        sequence,
        sequence,
        (sizes, positions, age, more, pricedBefore, usageBefore) => {
          const base = question(sizes);
          const archived = base.pricedLast;
          const trimmed = { pricedBefore: Math.max(1, Math.min(pricedBefore, archived)), usageBefore: Math.max(1, Math.min(usageBefore, archived * 2)) };
          const readers = new Map(positions.map((position, i) => [`reader ${i}`, position]));
          const asked = { ...base, readers, olderThanUs: age * 10, pricedLast: archived + more, usageLast: archived * 2 + more, trimmed };
          const decided = decideTrim(asked);
          if (decided === null) return;
          expect(decided.pricedBefore).toBeGreaterThanOrEqual(trimmed.pricedBefore);
          expect(decided.usageBefore).toBeGreaterThanOrEqual(trimmed.usageBefore);
          expect(decided.pricedBefore).toBeLessThanOrEqual(asked.pricedLast);
          expect(decided.usageBefore).toBeLessThanOrEqual(asked.usageLast);
          if (decided.pricedBefore > trimmed.pricedBefore) {
            for (let gone = trimmed.pricedBefore; gone < decided.pricedBefore; gone++) {
              expect(gone).toBeLessThanOrEqual(Math.min(archived, ...positions));
              expect(gone * 10).toBeLessThan(asked.olderThanUs);
            }
          }
          // USAGE goes only as far as the archived PRICED messages that may go embed it.
          if (decided.usageBefore > trimmed.usageBefore) expect(decided.usageBefore - 1).toBeLessThanOrEqual(2 * Math.min(archived, ...positions));
        },
      ),
    );
  });
});
