/** The tables a sink writes, and whose inserts are whose. */
export interface UsageTables {
  readonly events: string;
  readonly quarantined: string;
  readonly corrections: string;
  /** Begins the query ids of everything that writes to them. */
  readonly writer: string;
}

/** What everybody reads, written by the sinks. */
export const IN_USE: UsageTables = { events: 'usage_events', quarantined: 'quarantined_items', corrections: 'corrections', writer: 'sink' };

/** What a rebuild makes beside them. */
export const BESIDE: UsageTables = { events: 'usage_events_rebuild', quarantined: 'quarantined_items_rebuild', corrections: 'corrections_rebuild', writer: 'rebuild' };

/** Where those in use go to when a rebuild found them wrong. */
export const BEFORE: Omit<UsageTables, 'writer'> = { events: 'usage_events_before_rebuild', quarantined: 'quarantined_items_before_rebuild', corrections: 'corrections_before_rebuild' };

/** The tables by what is in them; events last, as a sink writes them: whoever sees a corrected event finds its correction. */
export const TABLES = ['quarantined', 'corrections', 'events'] as const;

/** The id of every insert of a shard: the server runs one query of an id at a time. A server may hold several deployments. */
export const queryIdOf = ({ writer }: UsageTables, database: string, shard: number): string => `${writer}-${database}-${shard}`;
