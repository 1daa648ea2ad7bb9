import { randomBytes } from 'node:crypto';
import { claimFolder, type OpenedIndex, openIndex } from './open-index.js';
import { CopyPublisher } from './copy-publisher.js';
import { type Disk } from './disk.js';
import { type IdempotencyIndexes, type IndexedStream, IndexWriteError } from './idempotency-index.js';
import { IndexCopy } from './index-copy.js';
import { type IndexSettings } from './index-settings.js';
import { MemoryBudget } from './memory-budget.js';
import { nodeDisk } from './node-disk.js';
import { PairCache } from './pair-cache.js';
import { takeRebuilt } from './rebuilt-index.js';
import { SegmentDamagedError } from './segment-damaged-error.js';
import { SegmentedIdempotencyIndex } from './segmented-idempotency-index.js';
import { Stop, Turns } from './turns.js';

export interface SegmentedIndexOptions {
  /** a folder of this process alone; each partition has one in it */
  directory: string;
  /** how long an identity is held after it was recorded, days */
  windowDays: number;
  /** a folder off the host, shared by all processes, to which segments are copied and from which a partition is taken over */
  copyDirectory?: string;
  /** told of what went wrong in the background and will be tried again */
  onWarning?: (error: Error, partition: number) => void;
  /** memory for the identities that are in no segment yet, of all partitions, bytes; twice as much while segments are written */
  memoryBytes?: number;
  /** segments of a level that are merged into one */
  fanIn?: number;
  /** identities in the largest segment that merging makes */
  maxRecords?: number;
  disk?: Disk;
}

/** Where the index of a partition lies. @param directory the process's own */
export const partitionFolder = (directory: string, partition: number): string => `${directory}/partition-${partition}`;

const MEMORY_BYTES = 24 * 1024 * 1024;
const FAN_IN = 16;
const MAX_RECORDS = 8_000_000;

/** The indexes of the partitions that a process works on. */
export class SegmentedIdempotencyIndexes implements IdempotencyIndexes {
  private readonly settings: IndexSettings;

  constructor(private readonly options: SegmentedIndexOptions) {
    this.settings = {
      disk: options.disk ?? nodeDisk,
      windowHours: options.windowDays * 24,
      fanIn: options.fanIn ?? FAN_IN,
      maxRecords: options.maxRecords ?? MAX_RECORDS,
      budget: new MemoryBudget(options.memoryBytes ?? MEMORY_BYTES),
      cache: new PairCache(),
      merges: new Turns(),
      writer: randomBytes(6).toString('hex'),
      onWarning: options.onWarning ?? (() => undefined),
    };
  }

  /** Rejects with IndexWriteError when the folder cannot be used. */
  async open(stream: IndexedStream): Promise<SegmentedIdempotencyIndex> {
    const giveBack = this.settings.budget.open();
    try {
      return await this.openPartition(stream, giveBack);
    } catch (error) {
      giveBack();
      throw new IndexWriteError(error as Error, 'opened');
    }
  }

  private async openPartition({ partition, streamId, firstSequence = 1 }: IndexedStream, giveBack: () => void): Promise<SegmentedIdempotencyIndex> {
    const { disk, writer, onWarning } = this.settings;
    const directory = partitionFolder(this.options.directory, partition);
    const { copyDirectory } = this.options;
    const stop = new Stop();
    const copy = copyDirectory === undefined ? null : new IndexCopy(disk, directory, `${copyDirectory}/partition-${partition}`, writer, stop);
    const publisher = copy === null ? null : new CopyPublisher(copy, stop, (error) => onWarning(error, partition));
    const open = (): Promise<OpenedIndex> => this.openKept(directory, partition, streamId, publisher);
    await takeRebuilt(disk, directory, streamId, firstSequence, copy);
    let opened = await open();
    if (copy !== null) opened = await this.takeCopy(copy, streamId, opened, open, (error) => onWarning(error, partition));
    const { store } = opened.state;
    if (store.current.segments.length > 0) publisher?.publish(store.current);
    return new SegmentedIdempotencyIndex(this.settings, opened.state, {
      settled: async () => publisher?.settled(),
      closed: async () => {
        giveBack();
        await publisher?.close();
        if (store.damaged !== null) await this.setAside(directory);
      },
    });
  }

  /** Opens what the folder holds; what is damaged is set aside, as an index that cannot be relied on is none. */
  private async openKept(directory: string, partition: number, streamId: string, publisher: CopyPublisher | null): Promise<OpenedIndex> {
    const { disk, onWarning } = this.settings;
    const publish = (manifest: Parameters<CopyPublisher['publish']>[0]): void => publisher?.publish(manifest);
    const openFolder = async (): Promise<OpenedIndex> => openIndex(this.settings, directory, partition, await claimFolder(this.settings, directory, streamId), publish);
    await disk.makeDirectory(directory);
    try {
      return await openFolder();
    } catch (error) {
      if (!(error instanceof SegmentDamagedError)) throw error;
      onWarning(error, partition);
      await this.setAside(directory);
      await disk.makeDirectory(directory);
      return openFolder();
    }
  }

  /** Goes on with the copy when it is further than the local index. */
  private async takeCopy(copy: IndexCopy, streamId: string, opened: OpenedIndex, open: () => Promise<OpenedIndex>, warn: (error: Error) => void): Promise<OpenedIndex> {
    try {
      const manifest = await copy.manifest(streamId);
      if (manifest === null || manifest.coverage.pricedSequence <= opened.state.coverage.pricedSequence) return opened;
      await copy.restore(manifest, opened.state.active.log.number + 1);
    } catch (error) {
      warn(error as Error);
      return opened;
    }
    await opened.close();
    return open();
  }

  private async setAside(directory: string): Promise<void> {
    const { disk } = this.settings;
    await disk.remove(`${directory}.damaged`);
    await disk.rename(directory, `${directory}.damaged`);
  }
}
