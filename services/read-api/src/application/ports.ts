import { type EventPlace } from './event-order.js';
import { type EventQuery } from './event-query.js';
import { type SummaryQuery } from './summary-query.js';

/** A field per name of the public API. */
export type EventView = Readonly<Record<string, unknown>>;
export type SummaryView = Readonly<Record<string, unknown>>;

/** Where something stands in the log. */
export interface Position {
  generation: number;
  partition: number;
  sequence: number;
  index: number;
}

/** Whose events may be seen; without a customer, everybody's. */
export interface EventScope {
  customerId?: string;
}

/** One signed row of an event: as it was recorded, or one that a correction takes back or states. */
export interface EventRow {
  kind: string;
  /** The state that the row adds or takes back: 0 as recorded, n after the n-th correction. */
  version: number;
  /** '' when recorded. */
  correctionId: string;
  /** -1 takes back; 0 is money alone. */
  eventCount: -1 | 0 | 1;
  /** With the row's sign; null: unknown. */
  costUsd: string | null;
  position: Position;
  /** The event's fields; amounts have the row's sign. */
  event: EventView;
}

/** A correction and what became of it. */
export interface CorrectionRecord {
  correctionId: string;
  kind: string;
  customerId: string;
  outcome: string;
  /** '' unless there is a reason. */
  code: string;
  detail: string;
  requestedBy: string;
  reason: string;
  requestedAt: string;
  target: unknown;
  replacedBy: string | null;
  recordedAt: string;
  position: Position;
}

export interface EventPage {
  events: EventView[];
  /** Where the next page begins; null on the last. */
  next: EventPlace | null;
}

export interface SummaryPage {
  rows: SummaryView[];
  /** True: there were more rows than the limit. */
  truncated: boolean;
}

/** What has been stored. Throws StoreUnavailableError. */
export interface UsageReader {
  /** In the order of the log; none when there is no such event. */
  rows(usageId: string, scope: EventScope): Promise<EventRow[]>;
  /** In the order of the log. */
  corrections(usageId: string, scope: EventScope): Promise<CorrectionRecord[]>;
  /** The events that this one stands in the place of, by the corrections that voided them. */
  replaced(usageId: string, scope: EventScope): Promise<string[]>;
  findQuarantined(usageId: string, scope: EventScope): Promise<EventView | null>;
  list(query: EventQuery): Promise<EventPage>;
  summarise(query: SummaryQuery): Promise<SummaryPage>;
  /** What a user has used in all, as far as it is kept as rows. null: there is no event of that user. */
  userTotals(userId: string, scope: EventScope): Promise<UserTotals | null>;
}

/** Sums of one user's usage. */
export interface UserTotals {
  events: number;
  unpricedEvents: number;
  /** decimal text: the sum of the costs that are known */
  costUsd: string;
  /** whole number as text: of each event's cost the whole cents, added up */
  platformCredits: string;
}

/** How far a partition is in the store. */
export interface StoredPosition {
  sequence: number;
  recordedAtUs: number | null;
}

/** By partition; a partition nothing was stored of is missing. */
export interface StoredPositions {
  read(): Promise<ReadonlyMap<number, StoredPosition>>;
}

/** Since when what was recorded is still stored; null: nothing was ever dropped. Microseconds since 1970. */
export interface RetentionHorizon {
  keptFromUs(): Promise<number | null>;
}

/** The last acknowledged message of each partition, read from its leader after the call. Rejects when the broker cannot answer. */
export interface AcknowledgedPositions {
  last(partition: number): Promise<number>;
}

/** Whose a project is. */
export interface Projects {
  /** null when there is no such project. @param projectId a UUID in lower case */
  customerOf(projectId: string): Promise<string | null>;
}

/** Whose the users of the identity provider are. */
export interface Members {
  /** Whether there is such a user. @param of the customer to keep to @param userId the subject of its tokens */
  has(userId: string, of: string | undefined): Promise<boolean>;
}

export class StoreUnavailableError extends Error {
  readonly code = 'store_unavailable';

  constructor(cause: unknown) {
    super(`the store did not answer: ${cause instanceof Error ? cause.message : String(cause)}`, { cause });
    this.name = 'StoreUnavailableError';
  }
}
