import { type Checkpoint } from '@ledgerline/messaging';
import { type RecordedCorrection } from './collect-corrections.js';
import { type QuarantinedItem } from './collect-quarantined.js';
import { type Range } from './plan-ranges.js';

/** Which sink, under which lease. */
export interface Claim {
  shard: number;
  epoch: number;
}

/** How far a partition is in the store. */
export interface Progress {
  partition: number;
  sourceSequence: number;
  /** The broker's time of that source message; null before the first. */
  recordedAtUs: number | null;
  /** Where to go on reading PRICED; absent when a range ended within a batch. */
  checkpoint?: Checkpoint;
}

/** Where ranges are written down before they are sent. Every method is one transaction; the writing ones throw LeaseLostError when the claim is stale. */
export interface RangeLedger {
  load(partitions: readonly number[]): Promise<Progress[]>;
  /** Records that `range` is in flight, and that what came before it is done. Durable when it returns. */
  begin(claim: Claim, range: Range, done: readonly Progress[]): Promise<void>;
  /** Records what is done; nothing is in flight. */
  settle(claim: Claim, done: readonly Progress[]): Promise<void>;
}

/** A range laid out for the store; it can be sent any number of times. */
export interface PreparedRange {
  /** Adds the rows whose source messages are not there yet, all or none, and returns how many. Throws ClickHouseFault. */
  insert(): Promise<number>;
  /** How many rows of the range's source messages are there. */
  stored(): Promise<number>;
}

export interface UsageStore {
  /** Pure computation: no IO. */
  prepare(claim: Claim, range: Range): PreparedRange;
  /** Ends whatever insert of this sink still runs, of this process or an earlier one. */
  endInsert(shard: number): Promise<void>;
  /** Adding the same items again changes nothing. */
  quarantine(items: readonly QuarantinedItem[]): Promise<void>;
  /** Adding the same corrections again changes nothing. */
  keepCorrections(corrections: readonly RecordedCorrection[]): Promise<void>;
}
