import { type Correction } from '@ledgerline/contracts';
import { type CountedEvent, type EventRecord } from './event-record.js';

/** What PRICED messages did to events that were ever corrected. Keys are usage_ids as text. */
export interface LedgerChanges {
  /** The present state of each event that changed. */
  readonly events: Map<string, CountedEvent>;
  readonly seen: { usageId: string; correctionId: string; digest: string }[];
  readonly parked: { usageId: string; correction: Correction }[];
  /** Events that were recorded now: nothing waits for them any more. */
  readonly arrived: Set<string>;
}

export const noChanges = (): LedgerChanges => ({ events: new Map(), seen: [], parked: [], arrived: new Set() });

export const isNoChange = ({ events, seen, parked, arrived }: LedgerChanges): boolean =>
  events.size === 0 && seen.length === 0 && parked.length === 0 && arrived.size === 0;

/** Another worker moved the ledger: it has this partition now. */
export class LedgerMovedError extends Error {
  constructor(partition: number) {
    super(`the corrections of partition ${partition} are not where this worker left them`);
    this.name = 'LedgerMovedError';
  }
}

/**
 * The net state of every event of a partition that was ever corrected, and what waits for its original: a projection of PRICED.
 * Each method is one transaction.
 */
export interface CorrectionLedger {
  /** The PRICED sequence up to which everything is in; 0: nothing. */
  progress(): Promise<number>;
  /** usage_ids that a parked correction waits for. */
  awaited(): Promise<string[]>;
  /** The records of those that were ever corrected or are waited for. */
  find(usageIds: readonly string[]): Promise<Map<string, EventRecord>>;
  /** Adds what the PRICED messages `(from..to]` did. @throws LedgerMovedError unless it stands at `from` */
  save(from: number, to: number, changes: LedgerChanges): Promise<void>;
}

export interface CorrectionLedgers {
  open(generation: number, partition: number): CorrectionLedger;
}
