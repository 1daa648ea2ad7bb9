import { partitionOf, usageIdBytes } from '@ledgerline/contracts';
import { NotVisibleYetError, type Visibility } from './visibility.js';

/** Reads of one event, or of one partition, that contain everything acknowledged before them. */
export class ReadOwnWrites {
  constructor(
    private readonly visibility: Visibility,
    private readonly partitions: number,
  ) {}

  /**
   * Waits for the event's partition, then reads.
   *
   * @returns what `read` found; null when there is nothing, which is only said once everything is visible
   * @throws NotVisibleYetError and whatever `read` throws
   */
  read<T>(usageId: string, read: () => Promise<T | null>): Promise<T | null> {
    return this.readPartition(partitionOf(usageIdBytes(usageId)!, 0, this.partitions), read);
  }

  /** The same for a partition; one that nobody writes any more is not waited for. */
  async readPartition<T>(partition: number, read: () => Promise<T | null>): Promise<T | null> {
    if (partition >= this.partitions) return read();
    const late = await this.visibility.caughtUp([partition]).then(
      () => null,
      (error: unknown) => {
        if (error instanceof NotVisibleYetError) return error;
        throw error;
      },
    );
    const found = await read();
    // What is there can be shown however far the rest of the partition is; only its absence cannot be told yet.
    if (found === null && late !== null) throw late;
    return found;
  }
}
