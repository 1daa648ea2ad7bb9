import { type EventQuery } from './event-query.js';
import { type EventPage, type UsageReader } from './ports.js';
import { type Visibility } from './visibility.js';

/** Lists in which everything is that was acknowledged before: the dialects promise that a read shows what was written. */
export class StrongReader {
  constructor(
    readonly reader: UsageReader,
    private readonly visibility: Visibility,
    private readonly partitions: readonly number[],
  ) {}

  /** @throws NotVisibleYetError */
  caughtUp(): Promise<void> {
    return this.visibility.caughtUp(this.partitions);
  }

  /** @throws NotVisibleYetError, StoreUnavailableError */
  async list(query: EventQuery): Promise<EventPage> {
    await this.caughtUp();
    return this.reader.list(query);
  }
}
