import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { claimant, covering, type GivenClaim, STREAM } from '../test/claims.js';
import { MemoryDisk } from '../test/memory-disk.js';
import { readIndexContents } from './index-contents.js';
import { SegmentedIdempotencyIndexes, type SegmentedIndexOptions } from './segmented-idempotency-indexes.js';
import { type SegmentedIdempotencyIndex } from './segmented-idempotency-index.js';

const WINDOW_DAYS = 35;
const HOUR = 490_000;
const SMALL = { memoryBytes: 600, fanIn: 2 };
const LARGE = { memoryBytes: 1_000_000 };

const contents = (disk: MemoryDisk, streamId = STREAM.streamId) => readIndexContents({ directory: '/index/partition-3', streamId, windowDays: WINDOW_DAYS, disk });
const open = (disk: MemoryDisk, options: Partial<SegmentedIndexOptions>): Promise<SegmentedIdempotencyIndex> =>
  new SegmentedIdempotencyIndexes({ directory: '/index', windowDays: WINDOW_DAYS, disk, ...options }).open(STREAM);

/** Message n brings identity n, in the hour that is given. */
async function fill(index: SegmentedIdempotencyIndex, hours: readonly number[], change: (n: number) => GivenClaim = () => ({})): Promise<void> {
  for (const [n, hour] of hours.entries()) {
    index.claim(claimant(n, { sequence: n + 1, hour, ...change(n) }));
    await index.cover(covering(n + 1));
    if (n % 5 === 0) await index.settled();
  }
}

async function contentsOf(hours: readonly number[], options: Partial<SegmentedIndexOptions>, change?: (n: number) => GivenClaim) {
  const disk = new MemoryDisk();
  const index = await open(disk, options);
  await fill(index, hours, change);
  await index.close();
  return (await contents(disk))!;
}

const ascending = fc.array(fc.nat(900), { minLength: 1, maxLength: 60 }).map((steps) => steps.sort((a, b) => a - b).map((step) => HOUR + step));

describe('what an index holds, read from its files', () => {
  it('is the same however it was written: in memory, in segments, merged, or with what fell out of the window still there', async () => {
    await fc.assert(
      fc.asyncProperty(ascending, async (hours) => {
        const [one, other] = [await contentsOf(hours, SMALL), await contentsOf(hours, LARGE)];
        expect(one).toEqual(other);
        expect(one.coverage).toEqual(covering(hours.length));
        const held = hours.filter((hour) => hour >= hours.at(-1)! - WINDOW_DAYS * 24);
        expect([...one.hours].map(([hour, { identities }]) => [hour, identities])).toEqual([...new Set(held)].map((hour) => [hour, held.filter((one) => one === hour).length]));
      }),
      { numRuns: 60 },
    );
  });

  it.each<[string, GivenClaim]>([
    ['fingerprint', { fingerprint: 8 }],
    ['position', { row: 1 }],
    ['customer', { customer: 'other' }],
    ['id', { id: 'other' }],
  ])('differs in the one hour in which one identity has another %s', async (_name, change) => {
    const hours = Array.from({ length: 40 }, (_, n) => HOUR + (n >> 2));
    const [right, wrong] = [await contentsOf(hours, SMALL), await contentsOf(hours, SMALL, (n) => (n === 21 ? change : {}))];
    const different = [...right.hours].filter(([hour, { digest }]) => wrong.hours.get(hour)!.digest !== digest);
    expect(different.map(([hour]) => hour)).toEqual([HOUR + 5]);
    expect([...wrong.hours.values()].every(({ identities }) => identities === 4)).toBe(true);
  });

  it('can be read while its process works with it, and is that of one moment', async () => {
    const disk = new MemoryDisk();
    const index = await open(disk, SMALL);
    const hours = Array.from({ length: 200 }, () => HOUR);
    let filling = true;
    const filled = fill(index, hours).finally(() => (filling = false));
    let read = 0;
    while (filling) {
      // A segment is written in hundreds of turns.
      for (let turn = 0; turn < 100; turn++) await new Promise(setImmediate);
      const found = await contents(disk);
      if (found === null) continue;
      read++;
      expect(found.hours.get(HOUR)?.identities ?? 0).toBe(found.coverage.pricedSequence);
    }
    await filled;
    expect(read).toBeGreaterThan(1);
    await index.close();
  });

  it('is nothing where there is no index of that stream, and an error where a page is damaged', async () => {
    const disk = new MemoryDisk();
    expect(await contents(disk)).toBeNull();
    const index = await open(disk, SMALL);
    await fill(index, Array.from({ length: 40 }, () => HOUR));
    await index.close();
    expect(await contents(disk, 'another')).toBeNull();
    const segment = disk.paths().find((path) => path.endsWith('.segment'))!;
    disk.damage(segment, 2_100);
    await expect(contents(disk)).rejects.toThrow(segment.split('/').at(-1)!);
  });
});
