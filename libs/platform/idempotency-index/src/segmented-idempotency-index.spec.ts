import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { claimant, covering, STREAM } from '../test/claims.js';
import { MemoryDisk } from '../test/memory-disk.js';
import { Claim, type Coverage, IndexWriteError, NO_COVERAGE } from './idempotency-index.js';
import { SegmentedIdempotencyIndexes, type SegmentedIndexOptions } from './segmented-idempotency-indexes.js';
import { type SegmentedIdempotencyIndex } from './segmented-idempotency-index.js';

const FOLDER = '/index/partition-3';
const IDENTITIES = 40;

function indexesOn(disk: MemoryDisk, options: Partial<SegmentedIndexOptions> = {}): SegmentedIdempotencyIndexes {
  return new SegmentedIdempotencyIndexes({ directory: '/index', windowDays: 35, memoryBytes: 600, fanIn: 2, disk, ...options });
}

/** Which position has each identity, or null. */
function held(index: SegmentedIdempotencyIndex): (number | null)[] {
  return Array.from({ length: IDENTITIES }, (_, id) => index.positionOf(claimant(id).usageIds, 0)?.sequence ?? null);
}

interface Step {
  claims: number[];
  settles: boolean;
}

const steps = fc.array(fc.record({ claims: fc.array(fc.nat(IDENTITIES - 1), { maxLength: 8 }), settles: fc.boolean() }), { maxLength: 25 });

/** Claims and covers step by step; what is held and covered after each is in `states`, by its PRICED sequence. */
async function work(index: SegmentedIdempotencyIndex, script: readonly Step[], states: (number | null)[][]): Promise<void> {
  for (const { claims, settles } of script) {
    const next = [...states.at(-1)!];
    for (const id of claims) {
      const answer = index.claim(claimant(id, { sequence: states.length }));
      expect(answer).toBe(next[id] === null ? Claim.original : next[id] === states.length ? Claim.own : Claim.duplicate);
      next[id] ??= states.length;
    }
    states.push(next);
    await index.cover(covering(states.length - 1));
    if (settles) await index.settled();
  }
}

const nothing = (): (number | null)[][] => [Array.from({ length: IDENTITIES }, () => null)];

describe('the index on disk', () => {
  it.each([
    ['its process is killed', (disk: MemoryDisk) => disk.restart()],
    ['the power fails', (disk: MemoryDisk, survives: () => boolean) => disk.losePower(survives)],
  ])('holds exactly what it says it covers after %s in the middle of any operation, and goes on from there', async (what, die) => {
    await fc.assert(
      fc.asyncProperty(steps, steps, fc.double({ min: 0, max: 1, noNaN: true }), fc.array(fc.boolean(), { minLength: 1, maxLength: 40 }), async (script, rest, moment, luck) => {
        // The first pass counts the operations, so that the second one dies in any of them alike.
        const measured = new MemoryDisk();
        const rehearsal = await indexesOn(measured).open(STREAM);
        await work(rehearsal, script, nothing());
        await rehearsal.close();

        const disk = new MemoryDisk();
        disk.diesAt = 1 + Math.floor(moment * measured.operations);
        const states = nothing();
        let told: Coverage = NO_COVERAGE;
        try {
          const index = await indexesOn(disk).open(STREAM);
          for (const step of script) {
            await work(index, [step], states);
            told = index.coverage;
          }
          await index.close();
        } catch (error) {
          expect(error).toBeInstanceOf(IndexWriteError);
        }
        let drawn = 0;
        const warnings: string[] = [];
        const again = await indexesOn(
          die(disk, () => luck[drawn++ % luck.length]!),
          { onWarning: ({ message }) => warnings.push(message) },
        ).open(STREAM);
        expect(warnings).toEqual([]);
        const { pricedSequence } = again.coverage;
        expect(held(again)).toEqual(states[pricedSequence]);
        // A killed process loses no more than the block that was being written and the one that waited for it.
        if (what === 'its process is killed') expect(pricedSequence).toBeGreaterThanOrEqual(told.pricedSequence - 1);
        await work(again, rest, states.slice(0, pricedSequence + 1));
        await again.close();
      }),
      { numRuns: 150 },
    );
  });

  it('refuses to cover when the disk is full, forgets nothing, and goes on when there is room', async () => {
    const disk = new MemoryDisk();
    const indexes = indexesOn(disk);
    const index = await indexes.open(STREAM);
    const states = nothing();
    await work(index, [{ claims: [1, 2, 3, 4, 5, 6, 7, 8], settles: true }, { claims: [9], settles: true }], states);
    disk.full = true;
    const failing = async (): Promise<void> => {
      for (let i = 0; i < 3; i++) await work(index, [{ claims: [10 + i], settles: true }], [...states]);
    };
    await expect(failing()).rejects.toThrow('The idempotency index cannot be written: ENOSPC');
    expect(index.failed).toBe(true);
    await expect(index.cover(covering(99))).rejects.toThrow(IndexWriteError);
    await index.close();
    disk.full = false;
    const again = await indexes.open(STREAM);
    expect(again.failed).toBe(false);
    expect(held(again)).toEqual(states[again.coverage.pricedSequence]);
    expect(again.coverage.pricedSequence).toBeGreaterThanOrEqual(1);
    await again.close();
  });

  it('goes on when a merge finds no room, and merges later', async () => {
    const disk = new MemoryDisk();
    const warnings: string[] = [];
    const index = await indexesOn(disk, { onWarning: ({ message }) => warnings.push(message) }).open(STREAM);
    const states = nothing();
    const fill = (from: number): Step => ({ claims: Array.from({ length: 8 }, (_, i) => from + i), settles: true });
    const rename = disk.rename.bind(disk);
    disk.rename = async (from, to) => {
      if (to.endsWith('.segment') && segments(disk).length === 2) throw new Error('ENOSPC');
      await rename(from, to);
    };
    await work(index, [fill(0), fill(8)], states);
    expect(warnings).toEqual(['ENOSPC']);
    expect(segments(disk)).toHaveLength(2);
    expect(index.failed).toBe(false);
    expect(held(index)).toEqual(states.at(-1));
    disk.rename = rename;
    await work(index, [fill(16), fill(24)], states);
    expect(warnings).toEqual(['ENOSPC']);
    expect(segments(disk)).toHaveLength(1);
    expect(held(index)).toEqual(states.at(-1));
    await index.close();
  });

  it('notices a changed bit anywhere before it decides by it, and begins anew from what it can rely on', async () => {
    const disk = new MemoryDisk();
    const states = nothing();
    const index = await indexesOn(disk, { memoryBytes: 1 }).open(STREAM);
    await work(index, [{ claims: Array.from({ length: IDENTITIES }, (_, i) => i), settles: true }], states);
    await index.close();
    const [path] = segments(disk);
    for (let at = 0; at < disk.size(path!); at += 7) {
      const copy = disk.restart();
      copy.damage(path!, at);
      const warnings: string[] = [];
      const damaged = indexesOn(copy, { onWarning: ({ message }) => warnings.push(message) });
      const opened = await damaged.open(STREAM);
      let answers: Claim[] = [];
      try {
        answers = states[1]!.map((_, id) => opened.claim(claimant(id, { sequence: 2 })));
      } catch (error) {
        expect(error).toBeInstanceOf(IndexWriteError);
        expect(opened.failed).toBe(true);
      }
      const size = opened.size;
      await opened.close();
      // Either the bit is one that nothing depends on (padding), or nothing is held any more, which PRICED then fills.
      if (warnings.length === 0 && answers.length > 0) expect(new Set(answers)).toEqual(new Set([Claim.duplicate]));
      else if (warnings.length > 0) expect(size).toBe(answers.length);
      const again = await damaged.open(STREAM);
      if (answers.length === 0 || warnings.length > 0) expect(again.coverage).toEqual(NO_COVERAGE);
      await again.close();
    }
  });

  it('drops whole segments once all they hold has fallen out of the window, and nothing earlier', async () => {
    const disk = new MemoryDisk();
    const index = await indexesOn(disk, { windowDays: 2, memoryBytes: 1 }).open(STREAM);
    const hour = 490_000;
    for (let day = 0; day < 6; day++) {
      expect(index.claim(claimant(day, { sequence: day + 1, hour: hour + day * 24 }))).toBe(Claim.original);
      await index.cover(covering(day + 1));
      await index.settled();
    }
    expect(held(index).slice(0, 6)).toEqual([null, null, null, 4, 5, 6]);
    expect(index.size).toBe(3);
    expect(segments(disk)).toHaveLength(3);
    await index.close();
  });

  it('writes an identity that came again behind the window once, with its newer position', async () => {
    const disk = new MemoryDisk();
    const indexes = indexesOn(disk, { windowDays: 2, memoryBytes: 1_200 });
    const index = await indexes.open(STREAM);
    const texts = { customer: 'acme', source: 'api' };
    for (let sequence = 1; sequence <= 4; sequence++) {
      expect(index.claim(claimant(5, { ...texts, sequence, hour: 490_000 + sequence * 49 }))).toBe(Claim.original);
      expect(index.claim(claimant(sequence + 10, { ...texts, sequence, hour: 490_000 + sequence * 49 }))).toBe(Claim.original);
    }
    await index.cover(covering(1));
    expect(index.size).toBe(8);
    const other = await indexes.open({ ...STREAM, partition: 4 });
    await index.cover(covering(2));
    await index.settled();
    expect(segments(disk)).toHaveLength(1);
    expect(index.size).toBe(5);
    expect(index.positionOf(claimant(5).usageIds, 0)).toEqual({ sequence: 4, row: 0 });
    expect(index.claim(claimant(5, { ...texts, sequence: 5, hour: 490_000 + 4 * 49 + 48 }))).toBe(Claim.duplicate);
    expect(index.positionOf(claimant(11).usageIds, 0)).toBeNull();
    for (const one of [index, other]) await one.close();
  });

  it('shares its memory among the partitions that are open', async () => {
    const disk = new MemoryDisk();
    const indexes = indexesOn(disk, { memoryBytes: 1_200 });
    const index = await indexes.open(STREAM);
    for (let id = 0; id < 12; id++) index.claim(claimant(id, { customer: 'acme', source: 'api', id: `0190a1b2-c3d4-7e5f-8a6b-0000000000${10 + id}` }));
    await index.cover(covering(1));
    await index.settled();
    expect(segments(disk)).toHaveLength(0);
    const others = [await indexes.open({ ...STREAM, partition: 4 }), await indexes.open({ ...STREAM, partition: 5 })];
    await index.cover(covering(2));
    await index.settled();
    expect(segments(disk)).toHaveLength(1);
    for (const other of [index, ...others]) await other.close();
  });
});

function segments(disk: MemoryDisk, folder = FOLDER): string[] {
  return disk.paths().filter((path) => path.startsWith(`${folder}/`) && path.endsWith('.segment'));
}
