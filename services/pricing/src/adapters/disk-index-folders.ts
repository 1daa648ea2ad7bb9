import { join } from 'node:path';
import { rm } from 'node:fs/promises';
import { leaveRebuilt, partitionFolder, readIndexContents, SegmentDamagedError, SegmentedIdempotencyIndexes } from '@ledgerline/idempotency-index';
import { type IdempotencyIndex, type IndexContents } from '../application/idempotency-index.js';
import { type IndexedPartition, type IndexFolders } from '../application/rebuild-index.js';

/** The folders of a pricing process, and beside its partitions' one for what is being built. */
export class DiskIndexFolders implements IndexFolders {
  private readonly beside: string;
  private readonly indexes: SegmentedIdempotencyIndexes;

  /** @param copyDirectory where copies of the indexes in use are, if anywhere */
  constructor(
    private readonly directory: string,
    private readonly copyDirectory: string | undefined,
    private readonly windowDays: number,
  ) {
    this.beside = join(directory, 'rebuild');
    this.indexes = new SegmentedIdempotencyIndexes({ directory: this.beside, windowDays });
  }

  /** Where this host has none, a process would take the copy. */
  async inUse(of: IndexedPartition): Promise<IndexContents | string | null> {
    try {
      const here = await this.read(this.directory, of);
      return here ?? (this.copyDirectory === undefined ? null : await this.read(this.copyDirectory, of));
    } catch (error) {
      if (error instanceof SegmentDamagedError) return error.message;
      throw error;
    }
  }

  async clear(): Promise<void> {
    await rm(this.beside, { recursive: true, force: true });
  }

  open(of: IndexedPartition): Promise<IdempotencyIndex> {
    return this.indexes.open(of);
  }

  async contents(of: IndexedPartition): Promise<IndexContents> {
    return (await this.read(this.beside, of))!;
  }

  leave(partition: number, pricedSequence: number): Promise<void> {
    return leaveRebuilt(partitionFolder(this.directory, partition), partitionFolder(this.beside, partition), pricedSequence);
  }

  private read(directory: string, { partition, streamId }: IndexedPartition): Promise<IndexContents | null> {
    return readIndexContents({ directory: partitionFolder(directory, partition), streamId, windowDays: this.windowDays });
  }
}
