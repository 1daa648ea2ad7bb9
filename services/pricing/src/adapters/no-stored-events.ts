import { type CountedEvent } from '../application/corrections/event-record.js';
import { type StoredEvents } from '../application/corrections/stored-events.js';

/** While nothing is ever trimmed from the log, nothing has to be looked up elsewhere. */
export class NoStoredEvents implements StoredEvents {
  async find(): Promise<CountedEvent | null> {
    return null;
  }

  async findAll(): Promise<Map<string, CountedEvent>> {
    return new Map();
  }

  async completeSinceUs(): Promise<number> {
    return 0;
  }
}
