/** Exact sums of what one partition brought into one recorded month. Decimals and 128-bit sums are text. */
export interface SealedPartition {
  generation: number;
  partition: number;
  /** Every USAGE message up to here was in the store when the month was sealed. */
  sourceTo: number;
  rowCount: string;
  eventCount: string;
  unpricedCount: string;
  costUsd: string;
  /** By quantity name. */
  quantities: Readonly<Record<string, string>>;
  /** Rows of kind recorded, their distinct usage_ids, and sums modulo 2^64 of the halves of those. */
  originals: string;
  uniqueOriginals: string;
  idHashHigh: string;
  idHashLow: string;
}

export interface MonthState {
  /** yyyymm */
  month: number;
  /** The seal under which it is read; null while it is read from its rows. */
  seal: string | null;
  /** Its rows are gone. */
  dropped: boolean;
}

export interface SourcePosition {
  generation: number;
  partition: number;
  sourceSequence: number;
}

/** Rows and summaries. Throws ClickHouseFault. */
export interface SealStore {
  /** Every recorded month that has rows or is sealed, oldest first. */
  months(): Promise<MonthState[]>;
  /**
   * Sums a month up under a new seal and compares the sums with the rows. Nothing of it is read before it is committed.
   * @throws SealMismatchError
   */
  prepare(month: number, seal: string, positions: readonly SourcePosition[]): Promise<void>;
  /** What a seal holds of each partition. */
  totals(month: number, seal: string): Promise<SealedPartition[]>;
  /** From here on the month is read from its summaries, unless another seal was committed before. */
  commit(month: number, seal: string): Promise<void>;
  /** Removes the rows of a month that is sealed. Doing it again changes nothing. */
  drop(month: number, seal: string): Promise<void>;
}

/** Under which lease. */
export interface RetentionClaim {
  epoch: number;
}

export interface PartitionReach extends SourcePosition {
  /** The broker's time of that message; null before the first. */
  recordedAtUs: number | null;
}

/** Positions and seals in the service's own schema. The writing methods throw LeaseLostError when the claim is stale. */
export interface SealLedger {
  reached(): Promise<PartitionReach[]>;
  /** Months written down, and whether as dropped. */
  recorded(): Promise<ReadonlyMap<number, { dropped: boolean }>>;
  /** Runs `commit` while nobody else can have the lease, and writes the month down with it. */
  record(claim: RetentionClaim, month: number, seal: string, totals: readonly SealedPartition[], commit: () => Promise<void>): Promise<void>;
  recordDropped(claim: RetentionClaim, month: number): Promise<void>;
}

/** The last sequence of a USAGE stream, from its leader; null when there is no such stream. */
export type UsageEnd = (generation: number, partition: number) => Promise<number | null>;

/** Summaries and rows differ: nothing was committed, nothing is dropped. */
export class SealMismatchError extends Error {
  readonly code = 'seal_mismatch';

  constructor(month: number, what: string) {
    super(`the summaries of ${month} are not those of its rows: ${what} differ`);
    this.name = 'SealMismatchError';
  }
}
