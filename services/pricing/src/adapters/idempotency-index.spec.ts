import { afterEach, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { mkdtempSync, readFileSync, rmSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Claim, type Claimant, type Coverage, type IdempotencyIndexes, NO_COVERAGE } from '../application/idempotency-index.js';
import { FileIdempotencyIndexes } from './file-idempotency-index.js';
import { MemoryIdempotencyIndexes } from './memory-idempotency-index.js';

const directories: string[] = [];
afterEach(() => {
  for (const directory of directories.splice(0)) rmSync(directory, { recursive: true, force: true });
});

function temporary(): string {
  const directory = mkdtempSync(join(tmpdir(), 'pricing-index-'));
  directories.push(directory);
  return directory;
}

const STREAM = { partition: 3, created: '2026-01-02T03:04:05.678901234Z' };
const covering = (pricedSequence: number): Coverage => ({ pricedSequence, sourceTo: pricedSequence * 10, checksum: 0xfeed0000 + pricedSequence });

/** An identity of 16 spread bytes made from a number. */
function claimant(id: number, sequence: number, row = 0, fingerprint = 7): Claimant {
  const usageIds = new Uint8Array(16);
  const view = new DataView(usageIds.buffer);
  for (let i = 0; i < 4; i++) view.setUint32(i * 4, Math.imul(id + 1, 0x9e37_79b1 + i * 2) ^ (id << i));
  return { usageIds, at: 0, fingerprintHigh: 0x8000_0000 + fingerprint, fingerprintLow: fingerprint, sequence, row };
}

const implementations: [string, () => IdempotencyIndexes][] = [
  ['in memory', () => new MemoryIdempotencyIndexes()],
  ['in a file', () => new FileIdempotencyIndexes(temporary())],
];

describe.each(implementations)('the idempotency index %s', (_name, create) => {
  it('gives an identity to its first claimant and to nobody else', async () => {
    const index = await create().open(STREAM);
    expect(index.claim(claimant(1, 5, 2))).toBe(Claim.original);
    expect(index.claim(claimant(1, 5, 2))).toBe(Claim.own);
    expect(index.claim(claimant(1, 5, 3))).toBe(Claim.duplicate);
    expect(index.claim(claimant(1, 6, 2))).toBe(Claim.duplicate);
    expect(index.claim(claimant(1, 6, 2, 8))).toBe(Claim.conflict);
    expect(index.claim(claimant(2, 6, 2))).toBe(Claim.original);
    expect(index.positionOf(claimant(1, 0).usageIds, 0)).toEqual({ sequence: 5, row: 2 });
    expect(index.positionOf(claimant(3, 0).usageIds, 0)).toBeNull();
    expect(index.size).toBe(2);
    await index.close();
  });

  it('keeps positions far beyond 32 bits apart', async () => {
    const index = await create().open(STREAM);
    const far = 2 ** 45 + 12_345;
    index.claim(claimant(1, far, 16_383));
    expect(index.claim(claimant(1, far, 16_383))).toBe(Claim.own);
    expect(index.claim(claimant(1, far - 2 ** 32, 16_383))).toBe(Claim.duplicate);
    expect(index.positionOf(claimant(1, 0).usageIds, 0)).toEqual({ sequence: far, row: 16_383 });
    await index.close();
  });

  it('frees exactly the provisional identities on rollback', async () => {
    const index = await create().open(STREAM);
    for (let id = 0; id < 3_000; id++) index.claim(claimant(id, 1, id));
    await index.cover(covering(1));
    for (let id = 3_000; id < 9_000; id++) index.claim(claimant(id, 2, id - 3_000));
    index.rollback();
    expect(index.size).toBe(3_000);
    expect(index.coverage).toEqual(covering(1));
    for (let id = 0; id < 3_000; id++) expect(index.claim(claimant(id, 2))).toBe(Claim.duplicate);
    for (let id = 3_000; id < 9_000; id++) expect(index.claim(claimant(id, 3))).toBe(Claim.original);
    await index.close();
  });

  it('agrees with a plain map under any order of claims, covers, rollbacks and reopenings', async () => {
    const operation = fc.oneof(
      { weight: 20, arbitrary: fc.record({ claim: fc.nat(60), sequence: fc.integer({ min: 1, max: 9 }), fingerprint: fc.nat(1) }) },
      { weight: 3, arbitrary: fc.constant('cover' as const) },
      { weight: 2, arbitrary: fc.constant('rollback' as const) },
      { weight: 1, arbitrary: fc.constant('reopen' as const) },
    );
    await fc.assert(
      fc.asyncProperty(fc.array(operation, { maxLength: 150 }), async (operations) => {
        const indexes = create();
        let index = await indexes.open(STREAM);
        let kept = new Map<number, { sequence: number; fingerprint: number }>();
        let model = new Map(kept);
        let covered = 0;
        for (const step of operations) {
          if (step === 'cover') {
            await index.cover(covering(++covered));
            kept = new Map(model);
          } else if (step === 'rollback') {
            index.rollback();
            model = new Map(kept);
          } else if (step === 'reopen') {
            await index.close();
            index = await indexes.open(STREAM);
            model = new Map(kept);
            expect(index.coverage).toEqual(covered === 0 ? NO_COVERAGE : covering(covered));
          } else {
            const held = model.get(step.claim);
            const expected = !held
              ? Claim.original
              : held.sequence === step.sequence
                ? Claim.own
                : held.fingerprint === step.fingerprint
                  ? Claim.duplicate
                  : Claim.conflict;
            expect(index.claim(claimant(step.claim, step.sequence, 0, step.fingerprint))).toBe(expected);
            if (!held) model.set(step.claim, { sequence: step.sequence, fingerprint: step.fingerprint });
          }
          expect(index.size).toBe(model.size);
        }
        await index.close();
      }),
      { numRuns: 60 },
    );
  });
});

describe('the file of an idempotency index', () => {
  async function written(directory: string, blocks: number): Promise<string> {
    const index = await new FileIdempotencyIndexes(directory).open(STREAM);
    for (let block = 1; block <= blocks; block++) {
      for (let row = 0; row < 10; row++) index.claim(claimant(block * 100 + row, block, row));
      await index.cover(covering(block));
    }
    await index.close();
    return join(directory, 'partition-3.idx');
  }

  it('loses only the last block to a torn tail, wherever it is torn, and goes on behind it', async () => {
    const directory = temporary();
    const path = await written(directory, 3);
    const whole = readFileSync(path);
    const blockBytes = 32 + 10 * 32;
    for (let cut = 1; cut < blockBytes; cut += 13) {
      writeFileSync(path, whole);
      truncateSync(path, whole.length - cut);
      const index = await new FileIdempotencyIndexes(directory).open(STREAM);
      expect(index.coverage).toEqual(covering(2));
      expect(index.size).toBe(20);
      index.claim(claimant(999, 9));
      await index.cover(covering(4));
      await index.close();
      const again = await new FileIdempotencyIndexes(directory).open(STREAM);
      expect(again.coverage).toEqual(covering(4));
      expect(again.size).toBe(21);
      await again.close();
    }
  });

  it('trusts nothing from a changed byte on', async () => {
    const directory = temporary();
    const path = await written(directory, 3);
    const whole = readFileSync(path);
    const lastBlock = whole.length - (32 + 10 * 32);
    for (let at = lastBlock; at < whole.length; at += 17) {
      const damaged = Buffer.from(whole);
      damaged[at]! ^= 0x10;
      writeFileSync(path, damaged);
      const index = await new FileIdempotencyIndexes(directory).open(STREAM);
      expect(index.coverage).toEqual(covering(2));
      await index.close();
    }
  });

  it('starts empty for a stream that was made anew', async () => {
    const directory = temporary();
    const path = await written(directory, 2);
    const index = await new FileIdempotencyIndexes(directory).open({ ...STREAM, created: '2026-01-03T00:00:00Z' });
    expect(index.coverage).toEqual(NO_COVERAGE);
    expect(index.size).toBe(0);
    await index.close();
    expect(statSync(path).size).toBeLessThan(100);
  });
});
