import { type BaselineStore } from './baseline.js';
import { type StoredPartition } from './facts.js';
import { type QuotaNumbers } from './quota-sums.js';
import { type Sums } from './sums.js';
import { type Stretch, type Walk } from './walk-partition.js';

/** Sequences by partition. */
export type Sequences = ReadonlyMap<number, number>;

/** The quota projection at one moment. */
export interface QuotaState {
  /** How far it has counted in PRICED: the cut of the whole audit. */
  readonly cut: Sequences;
  /** The USAGE sequences that this is, as the projection noted them. */
  readonly sourceTo: Sequences;
  readonly byKey: ReadonlyMap<string, QuotaNumbers>;
}

/** A partition's PRICED stream. */
export interface PricedState {
  /** First sequence that can be read. */
  readonly first: number;
  readonly last: number;
  /** When it was made, in the broker's words. */
  readonly created: string;
}

/** The rows of a partition whose USAGE sequence lies behind `after`, up to `to`. */
export interface SourceRange {
  readonly after: number;
  readonly to: number;
}

/** Where the audit reads from. Each method reads; none waits for the others. */
export interface AuditSources {
  readonly generation: number;
  readonly partitions: number;
  readonly baselines: BaselineStore;
  quotaSnapshot(): Promise<QuotaState>;
  /** USAGE sequences up to which ClickHouse is known to have the rows. */
  rowsProgress(): Promise<Sequences>;
  /** Missing streams are empty ones. */
  priced(partition: number): Promise<PricedState>;
  /** The last PRICED sequence published before a time; 0 when there is none. */
  pricedBefore(partition: number, timeUs: number): Promise<number>;
  /** Digest of a PRICED message; null when it is gone. */
  pricedDigest(partition: number, sequence: number): Promise<string | null>;
  walk(stretch: Stretch, onProgress?: (sequence: number) => void): Promise<Walk>;
  /** The rows, by partition. @param strays rows of other partitions too: there should be none */
  storedPartitions(ranges: ReadonlyMap<number, SourceRange>, strays: boolean): Promise<ReadonlyMap<number, StoredPartition>>;
  /** The summaries' own answer from the beginning up to the USAGE sequences given, by key. */
  summaries(sourceTo: Sequences): Promise<ReadonlyMap<string, Sums>>;
}
