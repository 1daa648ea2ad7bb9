import { partitionOf, usageIdBytes } from '@ledgerline/contracts';
import { type EventView, type UsageReader } from './ports.js';
import { NotVisibleYetError, type Visibility } from './visibility.js';

/**
 * One event by its address, own writes included: "not found" is only ever said of what was not acknowledged.
 *
 * @returns null when there is none
 * @throws NotVisibleYetError, StoreUnavailableError
 */
export class FindEvent {
  constructor(
    private readonly reader: UsageReader,
    private readonly visibility: Visibility,
    private readonly partitions: number,
  ) {}

  async find(usageId: string): Promise<EventView | null> {
    const late = await this.visibility.caughtUp([partitionOf(usageIdBytes(usageId)!, 0, this.partitions)]).then(
      () => null,
      (error: unknown) => {
        if (error instanceof NotVisibleYetError) return error;
        throw error;
      },
    );
    const found = (await this.reader.find(usageId)) ?? (await this.reader.findQuarantined(usageId));
    // What is there can be shown however far the rest of the partition is; only its absence cannot be told yet.
    if (found === null && late !== null) throw late;
    return found;
  }
}
