import { type QuotaNumbers } from './quota-sums.js';
import { type LedgerSums, type Sums } from './sums.js';

/** What walking a partition of USAGE and PRICED up to the cut found. */
export interface PartitionLedger {
  readonly partition: number;
  /** Sequence in PRICED up to which the partition is audited. */
  readonly cut: number;
  /** Sequence in USAGE that the cut reaches. */
  readonly sourceTo: number;
  /** Events of USAGE decoded anew; an unreadable message is one. */
  readonly usageEvents: bigint;
  /** Events of PRICED by outcome (index = Outcome). */
  readonly outcomes: readonly bigint[];
  /** Sums over outcomes priced and unpriced. */
  readonly counted: Sums;
  readonly idHash: IdHash;
}

/** Sums of the two 64-bit halves of every usage_id, each modulo 2^64: sees a row swapped for another. */
export interface IdHash {
  readonly high: bigint;
  readonly low: bigint;
}

/** What ClickHouse holds of one partition up to the cut. */
export interface StoredPartition {
  readonly sums: Sums;
  readonly idHash: IdHash;
  readonly uniqueIds: bigint;
}

/** Everything the audit compares, all of it at the same cut. Keys are texts of usage-key.ts. */
export interface AuditFacts {
  readonly ledgers: readonly PartitionLedger[];
  /** By partition; a partition without rows may be missing. */
  readonly stored: ReadonlyMap<number, StoredPartition>;
  readonly ledgerByKey: ReadonlyMap<string, LedgerSums>;
  readonly quotaByKey: ReadonlyMap<string, QuotaNumbers>;
  readonly summariesByKey: ReadonlyMap<string, Sums>;
}
