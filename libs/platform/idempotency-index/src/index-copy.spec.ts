import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { claimant, covering, STREAM } from '../test/claims.js';
import { MemoryDisk } from '../test/memory-disk.js';
import { Claim, type IdempotencyIndex, IndexWriteError, NO_COVERAGE } from './idempotency-index.js';
import { SegmentedIdempotencyIndexes } from './segmented-idempotency-indexes.js';

const COPY = '/mount';

/** A process on a host of its own, with the mount that all share. */
function host(disk: MemoryDisk, name: string, warnings: string[] = []): SegmentedIdempotencyIndexes {
  return new SegmentedIdempotencyIndexes({
    directory: `/${name}`,
    copyDirectory: COPY,
    windowDays: 35,
    memoryBytes: 1,
    fanIn: 2,
    disk,
    onWarning: ({ message }) => warnings.push(message),
  });
}

/** Claims identities [from, to), three in each PRICED message; message n claims 3n - 3 to 3n - 1. */
async function fill(index: IdempotencyIndex & { settled(): Promise<void> }, from: number, to: number): Promise<void> {
  for (let message = from / 3 + 1; message <= to / 3; message++) {
    for (let id = message * 3 - 3; id < message * 3; id++) expect(index.claim(claimant(id, { sequence: message }))).toBe(Claim.original);
    await index.cover(covering(message));
    await index.settled();
  }
}

function expectExactly(index: IdempotencyIndex): void {
  const count = index.coverage.pricedSequence * 3;
  for (let id = 0; id < count; id++) expect(index.claim(claimant(id, { sequence: 9_999 }))).toBe(Claim.duplicate);
  for (let id = count; id < count + 5; id++) expect(index.positionOf(claimant(id).usageIds, 0)).toBeNull();
  expect(index.size).toBe(count);
}

describe('the copy of an index off its host', () => {
  it('lets another host go on with all finished segments, and then holds what that one adds', async () => {
    const disk = new MemoryDisk();
    const first = await host(disk, 'a').open(STREAM);
    await fill(first, 0, 30);
    await first.close();
    const second = await host(disk, 'b').open(STREAM);
    expect(second.coverage).toEqual(covering(10));
    expectExactly(second);
    await fill(second, 30, 42);
    await second.close();
    const third = await host(disk, 'c').open(STREAM);
    expect(third.coverage).toEqual(covering(14));
    expectExactly(third);
    await third.close();
  });

  it('is taken by a host whose own index is behind it, and left by one that is further', async () => {
    const disk = new MemoryDisk();
    const first = await host(disk, 'a').open(STREAM);
    await fill(first, 0, 15);
    await first.close();
    const second = await host(disk, 'b').open(STREAM);
    await fill(second, 15, 30);
    await second.close();
    const back = await host(disk, 'a').open(STREAM);
    expect(back.coverage).toEqual(covering(10));
    expectExactly(back);
    await back.close();
    const alone = new SegmentedIdempotencyIndexes({ directory: '/b', windowDays: 35, memoryBytes: 1, fanIn: 2, disk });
    const further = await alone.open(STREAM);
    await fill(further, 30, 36);
    await further.close();
    const again = await host(disk, 'b').open(STREAM);
    expect(again.coverage).toEqual(covering(12));
    await again.settled();
    await again.close();
    const third = await host(disk, 'c').open(STREAM);
    expect(third.coverage).toEqual(covering(12));
    await third.close();
  });

  it('is not set back by a process that has been replaced and does not know it', async () => {
    const disk = new MemoryDisk();
    const replaced = await host(disk, 'a').open(STREAM);
    await fill(replaced, 0, 9);
    const owner = await host(disk, 'b').open(STREAM);
    await fill(owner, 9, 30);
    await fill(replaced, 9, 12);
    await replaced.close();
    await owner.close();
    const next = await host(disk, 'c').open(STREAM);
    expect(next.coverage).toEqual(covering(10));
    expectExactly(next);
    await next.close();
  });

  it('keeps no file that no manifest of late names', async () => {
    const disk = new MemoryDisk();
    const index = await host(disk, 'a').open(STREAM);
    await fill(index, 0, 96);
    await index.close();
    expect(disk.paths().filter((path) => path.startsWith(`${COPY}/`)).length).toBeLessThan(12);
  });

  it('is left alone when it is of another stream, and when it is damaged', async () => {
    const disk = new MemoryDisk();
    const first = await host(disk, 'a').open(STREAM);
    await fill(first, 0, 12);
    await first.close();
    const other = await host(disk, 'b').open({ ...STREAM, streamId: 'later' });
    expect(other.coverage).toEqual(NO_COVERAGE);
    await other.close();
    for (const path of disk.paths().filter((path) => path.startsWith(`${COPY}/`))) {
      const copy = disk.restart();
      copy.damage(path, copy.size(path) >> 1);
      const warnings: string[] = [];
      const index = await host(copy, 'c', warnings).open(STREAM);
      if (warnings.length > 0 || path.endsWith('manifest')) expect(index.coverage).toEqual(NO_COVERAGE);
      // A file that only an earlier manifest names may be damaged without harm.
      else expect(index.coverage).toEqual(covering(4));
      expectExactly(index);
      await index.close();
    }
  });

  it('is whole for others after its host died in the middle of any operation', async () => {
    const measured = new MemoryDisk();
    const rehearsal = await host(measured, 'a').open(STREAM);
    await fill(rehearsal, 0, 24);
    await rehearsal.close();
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 1, max: measured.operations }), async (moment) => {
        const disk = new MemoryDisk();
        disk.diesAt = moment;
        try {
          const index = await host(disk, 'a').open(STREAM);
          await fill(index, 0, 24);
          await index.close();
        } catch (error) {
          expect(error).toBeInstanceOf(IndexWriteError);
        }
        const warnings: string[] = [];
        const next = await host(disk.restart(), 'b', warnings).open(STREAM);
        expectExactly(next);
        expect(warnings).toEqual([]);
        await next.close();
      }),
      { numRuns: 60 },
    );
  });
});
