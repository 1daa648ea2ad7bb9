import { describe, expect, it } from '@jest/globals';
import { claimant, covering, STREAM } from '../test/claims.js';
import { MemoryDisk } from '../test/memory-disk.js';
import { type IndexedStream } from './idempotency-index.js';
import { leaveRebuilt } from './rebuilt-index.js';
import { SegmentedIdempotencyIndexes } from './segmented-idempotency-indexes.js';
import { type SegmentedIdempotencyIndex } from './segmented-idempotency-index.js';

const indexes = (disk: MemoryDisk, directory = '/index') => new SegmentedIdempotencyIndexes({ directory, copyDirectory: directory === '/index' ? '/mount' : undefined, windowDays: 35, memoryBytes: 600, fanIn: 2, disk });

async function fill(index: SegmentedIdempotencyIndex, count: number, source: string): Promise<void> {
  for (let n = 0; n < count; n++) {
    index.claim(claimant(n, { sequence: n + 1, source }));
    await index.cover(covering(n + 1));
  }
  await index.settled();
}

/** A partition with an index that is wrong, a copy of it, and a right one that was left beside it. */
async function withRebuilt(covers: number, of: IndexedStream = STREAM): Promise<MemoryDisk> {
  const disk = new MemoryDisk();
  const wrong = await indexes(disk).open(STREAM);
  await fill(wrong, 60, 'wrong');
  await wrong.close();
  const right = await indexes(disk, '/beside').open(of);
  await fill(right, covers, 'right');
  await right.close();
  await leaveRebuilt('/index/partition-3', '/beside/partition-3', covers, disk);
  return disk;
}

/** Whose identities the partition has, and how far. */
async function found(disk: MemoryDisk, stream: IndexedStream = STREAM): Promise<[string, number]> {
  const index = await indexes(disk).open(stream);
  const { pricedSequence } = index.coverage;
  // Only the right one answers "duplicate", 2; another source under the same usage_id is a conflict, 3.
  const answer = index.claim(claimant(0, { sequence: 9_999, source: 'right' }));
  await index.close();
  return [answer === 2 ? 'right' : 'wrong', pricedSequence];
}

describe('an index that was built anew', () => {
  it('takes the place of the one in use, and of its copy, when the partition is opened, even if that one was further', async () => {
    const disk = await withRebuilt(40);
    expect(await found(disk)).toEqual(['right', 40]);
    expect(await found(disk)).toEqual(['right', 40]);
    expect(disk.paths().some((path) => path.startsWith('/index/partition-3.replaced/'))).toBe(true);
  });

  it('is left out when the log has outrun it, or when it is of another stream', async () => {
    expect(await found(await withRebuilt(40), { ...STREAM, firstSequence: 42 })).toEqual(['wrong', 60]);
    expect(await found(await withRebuilt(40), { ...STREAM, firstSequence: 41 })).toEqual(['right', 40]);
    expect(await found(await withRebuilt(40, { ...STREAM, streamId: 'another' }))).toEqual(['wrong', 60]);
  });

  it('is in place, or will be, after its process was killed in the middle of any operation of putting it there', async () => {
    for (let dies = 1; ; dies++) {
      const disk = await withRebuilt(40);
      disk.diesAt = disk.operations + dies;
      const died = await found(disk).then(
        () => false,
        () => true,
      );
      if (!died) break;
      expect(await found(disk.restart())).toEqual(['right', 40]);
    }
  });

  it('is whole or not there', async () => {
    const disk = await withRebuilt(40);
    await disk.remove('/index/partition-3.rebuilt/covers');
    expect(await found(disk)).toEqual(['wrong', 60]);
  });
});
