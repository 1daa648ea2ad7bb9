import { afterEach, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { claimant, covering, type GivenClaim, STREAM } from '../test/claims.js';
import { HOUR_US } from './arrival.js';
import { Claim, type IdempotencyIndex, type IdempotencyIndexes, NO_COVERAGE } from './idempotency-index.js';
import { MemoryIdempotencyIndex, MemoryIdempotencyIndexes } from './memory-idempotency-index.js';
import { SegmentedIdempotencyIndexes } from './segmented-idempotency-indexes.js';

const directories: string[] = [];
afterEach(() => {
  for (const directory of directories.splice(0)) rmSync(directory, { recursive: true, force: true });
});

function temporary(): string {
  const directory = mkdtempSync(join(tmpdir(), 'idempotency-index-'));
  directories.push(directory);
  return directory;
}

const implementations: [string, (windowDays?: number) => IdempotencyIndexes][] = [
  ['in memory', (windowDays = 35) => new MemoryIdempotencyIndexes(windowDays)],
  ['on disk, all in its memtable', (windowDays = 35) => new SegmentedIdempotencyIndexes({ directory: temporary(), windowDays })],
  ['on disk, mostly in segments', (windowDays = 35) => new SegmentedIdempotencyIndexes({ directory: temporary(), windowDays, memoryBytes: 1, fanIn: 2 })],
];

describe.each(implementations)('the idempotency index %s', (_name, create) => {
  it('gives an identity to its first claimant and to nobody else', async () => {
    const index = await create().open(STREAM);
    expect(index.claim(claimant(1, { sequence: 5, row: 2 }))).toBe(Claim.original);
    await index.cover(covering(1));
    expect(index.claim(claimant(1, { sequence: 5, row: 2 }))).toBe(Claim.own);
    expect(index.claim(claimant(1, { sequence: 5, row: 3 }))).toBe(Claim.duplicate);
    expect(index.claim(claimant(1, { sequence: 6, row: 2 }))).toBe(Claim.duplicate);
    expect(index.claim(claimant(1, { sequence: 6, row: 2, fingerprint: 8 }))).toBe(Claim.conflict);
    expect(index.claim(claimant(2, { sequence: 6, row: 2 }))).toBe(Claim.original);
    expect(index.positionOf(claimant(1).usageIds, 0)).toEqual({ sequence: 5, row: 2 });
    expect(index.positionOf(claimant(3).usageIds, 0)).toBeNull();
    expect(index.size).toBe(2);
    await index.close();
  });

  it.each([{ customer: 'customer-' }, { source: 'ap' }, { source: 'API' }, { id: 'req-20' }, { customer: 'customer-2a', source: 'pi' }, { id: 'req-2\u0000' }])(
    'takes an event with the usage_id of another identity (%j) neither for a duplicate nor for an original',
    async (other) => {
      const index = await create().open(STREAM);
      expect(index.claim(claimant(2))).toBe(Claim.original);
      expect(index.claim(claimant(2, { ...other, sequence: 2 }))).toBe(Claim.conflict);
      await index.cover(covering(1));
      await settled(index);
      expect(index.claim(claimant(2, { ...other, sequence: 2 }))).toBe(Claim.conflict);
      expect(index.claim(claimant(2, { sequence: 2 }))).toBe(Claim.duplicate);
      expect(index.size).toBe(1);
      await index.close();
    },
  );

  it('holds ids and names of any alphabet and length that ingest accepts', async () => {
    const index = await create().open(STREAM);
    const ids = ['x', '😀'.repeat(128), 'ж'.repeat(256), '界'.repeat(256), 'a'.repeat(254), 'b'.repeat(255), '0190A1B2-C3D4-7E5F-8A6B-000000000000', '0190a1b2-c3d4-7e5f-8a6b-00000000000g'];
    const given = (i: number): GivenClaim => ({ id: ids[i]!, customer: '界'.repeat(256 - i), source: 'ж'.repeat(256 - i) });
    for (let i = 0; i < ids.length; i++) expect(index.claim(claimant(i, given(i)))).toBe(Claim.original);
    await index.cover(covering(1));
    await settled(index);
    for (let i = 0; i < ids.length; i++) {
      expect(index.claim(claimant(i, { ...given(i), sequence: 2 }))).toBe(Claim.duplicate);
      expect(index.claim(claimant(i, { ...given(i), id: `${ids[i]!.slice(1)}!`, sequence: 2 }))).toBe(Claim.conflict);
    }
    await index.close();
  });

  it('keeps positions far beyond 32 bits apart', async () => {
    const index = await create().open(STREAM);
    const far = 2 ** 45 + 12_345;
    index.claim(claimant(1, { sequence: far, row: 16_383 }));
    await index.cover(covering(1));
    expect(index.claim(claimant(1, { sequence: far, row: 16_383 }))).toBe(Claim.own);
    expect(index.claim(claimant(1, { sequence: far - 2 ** 32, row: 16_383 }))).toBe(Claim.duplicate);
    expect(index.positionOf(claimant(1).usageIds, 0)).toEqual({ sequence: far, row: 16_383 });
    await index.close();
  });

  it('frees exactly the provisional identities on rollback', async () => {
    const index = await create().open(STREAM);
    for (let id = 0; id < 3_000; id++) index.claim(claimant(id, { sequence: 1, row: id }));
    await index.cover(covering(1));
    for (let id = 3_000; id < 9_000; id++) index.claim(claimant(id, { sequence: 2, row: id - 3_000 }));
    index.rollback();
    expect(index.size).toBe(3_000);
    expect(index.coverage).toEqual(covering(1));
    for (let id = 0; id < 3_000; id++) expect(index.claim(claimant(id, { sequence: 2 }))).toBe(Claim.duplicate);
    for (let id = 3_000; id < 9_000; id++) expect(index.claim(claimant(id, { sequence: 3 }))).toBe(Claim.original);
    await index.close();
  });

  it('holds an identity for its window, counted from the newest arrival, and says from when on all are held', async () => {
    const index = await create(2).open(STREAM);
    const hour = 490_000;
    index.claim(claimant(1, { hour }));
    expect(index.coveredFromUs).toBe(0);
    expect(index.claim(claimant(1, { sequence: 2, hour: hour + 48 }))).toBe(Claim.duplicate);
    index.claim(claimant(2, { sequence: 2, hour: hour + 48 }));
    expect(index.coveredFromUs).toBe(0);
    await index.cover(covering(1));
    expect(index.positionOf(claimant(1).usageIds, 0)).toEqual({ sequence: 1, row: 0 });
    index.claim(claimant(3, { sequence: 3, hour: hour + 49 }));
    expect(index.positionOf(claimant(1).usageIds, 0)).toBeNull();
    expect(index.coveredFromUs).toBe((hour + 1) * HOUR_US);
    index.rollback();
    expect(index.coveredFromUs).toBe(0);
    expect(index.claim(claimant(1, { sequence: 4, hour: hour + 49 }))).toBe(Claim.original);
    await index.cover(covering(2));
    await settled(index);
    expect(index.claim(claimant(1, { sequence: 5, hour: hour + 49 }))).toBe(Claim.duplicate);
    // A clock that was set back does not bring back what fell out of the window.
    expect(index.claim(claimant(1, { sequence: 5, hour: hour - 9 }))).toBe(Claim.duplicate);
    expect(index.positionOf(claimant(1).usageIds, 0)).toEqual({ sequence: 4, row: 0 });
    await index.close();
  });

  it('decides as a plain map does under any order of claims, covers, rollbacks, reopenings and times', async () => {
    const operation = fc.oneof(
      { weight: 20, arbitrary: fc.record({ claim: fc.nat(60), repeat: fc.nat(2), fingerprint: fc.nat(1), collides: fc.integer({ min: 0, max: 9 }).map((n) => n === 0) }) },
      { weight: 4, arbitrary: fc.constant('cover' as const) },
      { weight: 2, arbitrary: fc.constant('rollback' as const) },
      { weight: 2, arbitrary: fc.constant('reopen' as const) },
      { weight: 1, arbitrary: fc.constant('settle' as const) },
      { weight: 3, arbitrary: fc.record({ later: fc.integer({ min: -2, max: 20 }) }) },
    );
    await fc.assert(
      fc.asyncProperty(fc.array(operation, { maxLength: 150 }), async (operations) => {
        const indexes = create(1);
        let index = await indexes.open(STREAM);
        const model = new MemoryIdempotencyIndex(24);
        let hour = 490_000;
        let sequence = 1;
        for (const step of operations) {
          if (step === 'cover') {
            const coverage = covering(model.coverage.pricedSequence + 1);
            await index.cover(coverage);
            await model.cover(coverage);
          } else if (step === 'rollback') {
            index.rollback();
            model.rollback();
          } else if (step === 'reopen') {
            await index.close();
            index = await indexes.open(STREAM);
            model.rollback();
          } else if (step === 'settle') {
            await settled(index);
          } else if ('later' in step) {
            hour += step.later;
            sequence++;
          } else {
            if (step.repeat === 0) sequence++;
            const given = { sequence, hour, fingerprint: step.fingerprint, ...(step.collides && { id: 'another' }) };
            const expected = model.claim(claimant(step.claim, given));
            expect(index.claim(claimant(step.claim, given))).toBe(expected);
          }
          expect(index.coverage).toEqual(model.coverage);
          expect(index.coveredFromUs).toBe(model.coveredFromUs);
        }
        for (let id = 0; id <= 60; id++) expect(index.positionOf(claimant(id).usageIds, 0)).toEqual(model.positionOf(claimant(id).usageIds, 0));
        await index.close();
      }),
      { numRuns: 60 },
    );
  });

  it('starts empty for a stream that was made anew', async () => {
    const indexes = create();
    const index = await indexes.open(STREAM);
    index.claim(claimant(1));
    await index.cover(covering(1));
    await index.close();
    const anew = await indexes.open({ ...STREAM, streamId: '2026-01-03T00:00:00Z' });
    expect(anew.coverage).toEqual(NO_COVERAGE);
    expect(anew.size).toBe(0);
    expect(anew.claim(claimant(1, { sequence: 9 }))).toBe(Claim.original);
    await anew.close();
  });
});

/** Waits for work in the background, where there is any. */
async function settled(index: IdempotencyIndex): Promise<void> {
  if ('settled' in index) await (index as IdempotencyIndex & { settled(): Promise<void> }).settled();
}
