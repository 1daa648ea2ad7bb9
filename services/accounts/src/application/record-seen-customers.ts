import { type Fence, type SeenCustomers, type StreamPosition } from './ports.js';

/** Creates the customers that usage told of. A message read twice changes nothing the second time. */
export class RecordSeenCustomers {
  constructor(private readonly store: SeenCustomers) {}

  execute(ids: readonly string[], position: StreamPosition, fence: Fence): Promise<number> {
    return this.store.record([...new Set(ids)].sort(), position, fence);
  }
}
