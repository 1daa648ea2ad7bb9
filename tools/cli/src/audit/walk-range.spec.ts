import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { build, differenceOf, log, walk } from '../../test/log.js';
import { joinLedgers } from './facts.js';
import { addLedgerSums, copySums, type LedgerSums } from './sums.js';
import { type Walk } from './walk-partition.js';

const must = (result: Walk): Extract<Walk, { ok: true }> => {
  if (!result.ok) throw new Error(JSON.stringify(result.difference));
  return result;
};

function addAll(...maps: ReadonlyMap<string, LedgerSums>[]): Map<string, LedgerSums> {
  const all = new Map<string, LedgerSums>();
  for (const [key, sums] of maps.flatMap((map) => [...map])) {
    const known = all.get(key);
    if (known) addLedgerSums(known, sums);
    else all.set(key, copySums(sums));
  }
  return all;
}

describe('walking a stretch of a partition', () => {
  it('two stretches, one behind the other, are the whole', async () => {
    await fc.assert(
      fc.asyncProperty(log, fc.nat(), async (given, at) => {
        const streams = build(given);
        const middle = at % (streams.priced.length + 1);
        const whole = must(await walk(streams));
        const first = must(await walk({ ...streams, priced: streams.priced.slice(0, middle) }));
        const second = must(await walk(streams, { after: middle, sourceAfter: first.ledger.sourceTo }));
        expect(joinLedgers(first.ledger, second.ledger)).toEqual(whole.ledger);
        expect(addAll(first.byKey, second.byKey)).toEqual(whole.byKey);
      }),
      { numRuns: 50 },
    );
  });

  it('begins anywhere, and takes from PRICED what USAGE no longer has', async () => {
    await fc.assert(
      fc.asyncProperty(log, fc.nat(), fc.nat(), async (given, at, trimmed) => {
        const streams = build(given);
        const after = at % streams.priced.length;
        const usage = streams.usage.slice(trimmed % streams.usage.length);
        const stretch = must(await walk(streams, { after, sourceAfter: null }));
        const copied = must(await walk({ ...streams, usage }, { after, sourceAfter: null }));
        const copies = Math.max(0, usage[0]!.sequence - 1 - stretch.ledger.sourceAfter);
        expect(copied.ledger).toEqual({ ...stretch.ledger, copies });
      }),
      { numRuns: 50 },
    );
  });

  it('sees a stretch that does not begin behind the one before it', async () => {
    await fc.assert(
      fc.asyncProperty(log, async (given) => {
        const streams = build(given);
        fc.pre(streams.priced.length > 1);
        expect(await differenceOf(streams, { after: 1, sourceAfter: 100 })).toBe('PRICED chain: previous_source_to');
      }),
      { numRuns: 20 },
    );
  });
});
