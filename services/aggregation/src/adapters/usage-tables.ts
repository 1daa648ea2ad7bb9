/** The tables a sink writes, and whose inserts are whose. */
export interface UsageTables {
  readonly events: string;
  readonly quarantined: string;
  /** Begins the query ids of everything that writes to them. */
  readonly writer: string;
}

/** What everybody reads, written by the sinks. */
export const IN_USE: UsageTables = { events: 'usage_events', quarantined: 'quarantined_items', writer: 'sink' };

/** What a rebuild makes beside them. */
export const BESIDE: UsageTables = { events: 'usage_events_rebuild', quarantined: 'quarantined_items_rebuild', writer: 'rebuild' };

/** Where those in use go to when a rebuild found them wrong. */
export const BEFORE: Pick<UsageTables, 'events' | 'quarantined'> = { events: 'usage_events_before_rebuild', quarantined: 'quarantined_items_before_rebuild' };

/** The id of every insert of a shard: the server runs one query of an id at a time. A server may hold several deployments. */
export const queryIdOf = ({ writer }: UsageTables, database: string, shard: number): string => `${writer}-${database}-${shard}`;
