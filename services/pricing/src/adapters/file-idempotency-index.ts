import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { type Coverage, type IdempotencyIndex, type IdempotencyIndexes, type IndexedStream } from '../application/idempotency-index.js';
import { ENTRY_WORDS } from './entry-log.js';
import { IndexFile } from './index-file.js';
import { MemoryIdempotencyIndex } from './memory-idempotency-index.js';

/** The index in memory, with every covered claim in an append-only file beside it. */
class FileIdempotencyIndex extends MemoryIdempotencyIndex {
  private file: IndexFile | null = null;

  static async open(path: string, created: string): Promise<FileIdempotencyIndex> {
    const index = new FileIdempotencyIndex();
    index.file = await IndexFile.open(path, created, (coverage, words) => {
      for (let at = 0; at < words.length; at += ENTRY_WORDS) index.table.restore(words, at);
      index.coverage = coverage;
    });
    return index;
  }

  override async cover(coverage: Coverage): Promise<void> {
    await this.file!.append(coverage, this.provisional.bytes());
    await super.cover(coverage);
  }

  override async close(): Promise<void> {
    await this.file?.close();
    this.file = null;
  }
}

/** Keeps a file for each partition in `directory`, which belongs to one process at a time. */
export class FileIdempotencyIndexes implements IdempotencyIndexes {
  constructor(private readonly directory: string) {}

  async open({ partition, created }: IndexedStream): Promise<IdempotencyIndex> {
    await mkdir(this.directory, { recursive: true, mode: 0o700 });
    return FileIdempotencyIndex.open(this.path(partition), created);
  }

  private path(partition: number): string {
    return join(this.directory, `partition-${partition}.idx`);
  }
}
