import {
  type Claim,
  type Claimant,
  type Coverage,
  type IdempotencyIndex,
  type IdempotencyIndexes,
  type IndexedStream,
  NO_COVERAGE,
} from '../application/idempotency-index.js';
import { ClaimTable } from './claim-table.js';
import { ENTRY_WORDS, EntryLog } from './entry-log.js';

/** The index in memory alone: after a restart it is built again from all of PRICED. */
export class MemoryIdempotencyIndex implements IdempotencyIndex {
  protected readonly provisional = new EntryLog();
  protected readonly table = new ClaimTable(this.provisional);
  coverage: Coverage = NO_COVERAGE;

  get size(): number {
    return this.table.size;
  }

  claim(claimant: Claimant): Claim {
    return this.table.claim(claimant);
  }

  async cover(coverage: Coverage): Promise<void> {
    this.provisional.clear();
    this.coverage = coverage;
  }

  rollback(): void {
    const { words, count } = this.provisional;
    for (let i = count - 1; i >= 0; i--) this.table.remove(words, i * ENTRY_WORDS);
    this.provisional.clear();
  }

  positionOf(usageIds: Uint8Array, at: number): { sequence: number; row: number } | null {
    return this.table.positionOf(usageIds, at);
  }

  async close(): Promise<void> {}
}

/** Keeps the indexes of this process's partitions for as long as it lives. */
export class MemoryIdempotencyIndexes implements IdempotencyIndexes {
  private readonly kept = new Map<string, MemoryIdempotencyIndex>();

  async open({ partition, created }: IndexedStream): Promise<IdempotencyIndex> {
    const key = `${partition} ${created}`;
    const index = this.kept.get(key) ?? new MemoryIdempotencyIndex();
    this.kept.set(key, index);
    index.rollback();
    return index;
  }
}
