/** One administrative change, in whichever service it was made. */
export interface AdminLogEntry {
  readonly id: string;
  /** RFC 3339 in UTC, to the microsecond. */
  readonly at: string;
  readonly actorType: 'key' | 'user' | 'system';
  readonly actor: string;
  /** `key.created` and the like. */
  readonly action: string;
  readonly objectType: string;
  readonly objectId: string;
  readonly customerId: string | null;
  /** What was, and what became, of what may be shown of the object; null where it was not there. */
  readonly before: object | null;
  readonly after: object | null;
  readonly traceId: string | null;
}

/** Where a page ended. */
export type AdminLogPlace = Pick<AdminLogEntry, 'at' | 'id'>;

export interface AdminLogFilter {
  readonly actor?: string;
  readonly action?: string;
  readonly customerId?: string;
  readonly objectId?: string;
  /** RFC 3339; entries from then on. */
  readonly from?: string;
  /** RFC 3339; entries before then. */
  readonly to?: string;
  readonly behind?: AdminLogPlace;
  readonly limit: number;
}

/** The logs of all services as one. */
export interface AdminLog {
  /** Newest first. A service that never ran has no entries yet. */
  list(filter: AdminLogFilter): Promise<AdminLogEntry[]>;
}
