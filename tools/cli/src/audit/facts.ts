import { type QuotaNumbers } from './quota-sums.js';
import { addRowHashes, type RowHash } from './row-hash.js';
import { addSums, type LedgerSums, type Sums } from './sums.js';

/** What walking a stretch of one partition's PRICED, with USAGE beside it, found. */
export interface PartitionLedger {
  readonly partition: number;
  /** First PRICED sequence walked; one past the cut when there was none. */
  readonly pricedFrom: number;
  /** PRICED sequence up to which the partition is audited. */
  readonly cut: number;
  /** The USAGE sequences walked: those behind `sourceAfter` up to `sourceTo`. */
  readonly sourceAfter: number;
  readonly sourceTo: number;
  /** USAGE messages that the stream no longer holds, so that PRICED's own copy was taken. */
  readonly copies: number;
  /** Digest of the last PRICED message walked; '' when there was none. */
  readonly lastDigest: string;
  /** Events of USAGE decoded anew; an unreadable message is one. */
  readonly usageEvents: bigint;
  /** Corrections decoded anew. */
  readonly corrections: bigint;
  /** Items of PRICED by outcome (index = Outcome). */
  readonly outcomes: readonly bigint[];
  /** Net sums over what counts: outcomes priced and unpriced, and signed rows. */
  readonly counted: Sums;
  /** Rows that the table must have. */
  readonly rows: bigint;
  /** Those of them that are events as they were recorded: no two may share an identity. */
  readonly originals: bigint;
  readonly rowHash: RowHash;
}

/** What ClickHouse holds of one partition's stretch. */
export interface StoredPartition {
  readonly sums: Sums;
  readonly rows: bigint;
  readonly originals: bigint;
  readonly uniqueOriginals: bigint;
  readonly rowHash: RowHash;
}

/** Everything the audit compares, all of it at the same cut. Keys are texts of usage-key.ts. */
export interface AuditFacts {
  readonly ledgers: readonly PartitionLedger[];
  /** By partition; a partition without rows may be missing. */
  readonly stored: ReadonlyMap<number, StoredPartition>;
  /** Sums from the beginning; missing when the beginning is not known, and then only rows are compared. */
  readonly totals?: Totals;
}

/** Sums by key from the beginning of the log up to the cut, as each side has them. */
export interface Totals {
  readonly ledgerByKey: ReadonlyMap<string, LedgerSums>;
  readonly quotaByKey: ReadonlyMap<string, QuotaNumbers>;
  readonly summariesByKey: ReadonlyMap<string, Sums>;
}

/** Two stretches of one partition, the second right behind the first, as one. */
export function joinLedgers(first: PartitionLedger, second: PartitionLedger): PartitionLedger {
  const counted: Sums = { ...first.counted, quantities: [...first.counted.quantities] };
  addSums(counted, second.counted);
  return {
    ...second,
    pricedFrom: first.pricedFrom,
    sourceAfter: first.sourceAfter,
    copies: first.copies + second.copies,
    lastDigest: second.lastDigest || first.lastDigest,
    usageEvents: first.usageEvents + second.usageEvents,
    corrections: first.corrections + second.corrections,
    outcomes: addOutcomes(first.outcomes, second.outcomes),
    counted,
    rows: first.rows + second.rows,
    originals: first.originals + second.originals,
    rowHash: addRowHashes(first.rowHash, second.rowHash),
  };
}

/** Counts by outcome, added; a list without the newest outcomes has none of them. */
export const addOutcomes = (first: readonly bigint[], second: readonly bigint[]): bigint[] =>
  Array.from({ length: Math.max(first.length, second.length) }, (_, outcome) => (first[outcome] ?? 0n) + (second[outcome] ?? 0n));
