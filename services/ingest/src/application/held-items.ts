import { type Caller } from './recorded-events.js';

/** What was held back instead of counted, as far as acting on it goes. */
export interface HeldItem {
  readonly state: 'open' | 'released' | 'discarded';
  readonly outcome: string;
  /** False: a correction, or a message that nobody could read. */
  readonly isEvent: boolean;
  /** null when it has none. */
  readonly usageId: string | null;
  /** '' when it has none. */
  readonly customerId: string;
  /** The native event as it came; meaningless unless `isEvent`. */
  readonly event: Readonly<Record<string, unknown>>;
  /** Of a released one: the event it was sent again as. */
  readonly replayedAs: string | null;
}

/** What was held back, everything acknowledged before taken into account. Asked on behalf of a caller, whose rights decide what there is. */
export interface HeldItems {
  /**
   * @returns null when nothing was held back there
   * @throws RecordUnavailableError, ReadingForbiddenError
   */
  find(id: string, caller: Caller): Promise<HeldItem | null>;
}
