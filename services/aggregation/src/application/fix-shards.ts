/** The deployment runs with another number of sinks than it began with. */
export class ShardsChangedError extends Error {
  readonly code = 'shards_changed';

  constructor(recorded: number, configured: number) {
    super(`AGGREGATION_SHARDS is ${configured}, but this deployment began with ${recorded}. The number is fixed: a partition that changed its sink would lose its fence. Set AGGREGATION_SHARDS=${recorded}`);
    this.name = 'ShardsChangedError';
  }
}

/** Where the number of sinks is kept. */
export interface ShardRecord {
  /** Records `shards` unless a number is there already; returns the one that counts. */
  recordOnce(shards: number): Promise<number>;
}

/** Fixes the number of sinks at the first boot. @throws ShardsChangedError at a later boot with another number */
export async function fixShards(record: ShardRecord, configured: number): Promise<void> {
  const recorded = await record.recordOnce(configured);
  if (recorded !== configured) throw new ShardsChangedError(recorded, configured);
}
