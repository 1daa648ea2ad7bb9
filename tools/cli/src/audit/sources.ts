import { type BaselineStore } from './baseline.js';
import { type SealedRows, type StoredPartition } from './facts.js';
import { type QuotaNumbers } from './quota-sums.js';
import { type Sums } from './sums.js';
import { type PartitionStreams, type Stretch, type Walk } from './walk-partition.js';

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
  /** First sequence that the stream holds. */
  readonly first: number;
  readonly last: number;
  /** Its id; '' when there is no such stream. */
  readonly streamId: string;
}

/** Recorded months that are kept as sums; their rows are gone, or will be soon. */
export interface SealedMonths {
  readonly months: readonly { readonly month: number; readonly seal: string; readonly dropped: boolean }[];
  /** Rows recorded from here on are kept as rows; microseconds since the epoch, 0 when nothing is sealed. */
  readonly rowsSinceUs: number;
}

/** The rows of a partition whose USAGE sequence lies behind `after`, up to `to`. */
export interface SourceRange {
  readonly after: number;
  readonly to: number;
}

/** The log of one generation, and what is made of it alone. Each method reads; none waits for the others. */
export interface GenerationSources {
  readonly generation: number;
  readonly partitions: number;
  readonly baselines: BaselineStore;
  /** Missing streams are empty ones. */
  priced(partition: number): Promise<PricedState>;
  /** The first PRICED sequence that the archive holds; undefined when it holds none. @throws without an archive */
  firstArchived(partition: number): Promise<number | undefined>;
  /** The last PRICED sequence published before a time; 0 when there is none. */
  pricedBefore(partition: number, timeUs: number): Promise<number>;
  /** Digest of a PRICED message; null when it is gone. */
  pricedDigest(partition: number, sequence: number): Promise<string | null>;
  /** Reads from the stream; what has been trimmed there, from the archive. */
  walk(stretch: Stretch & Pick<PartitionStreams, 'rowsSinceUs'>, onProgress?: (sequence: number) => void): Promise<Walk>;
  /** What the seals say of the rows that are gone, by partition. */
  sealedPartitions(sealed: SealedMonths): Promise<ReadonlyMap<number, SealedRows>>;
  /** The rows recorded since a time, by partition. @param strays rows of other partitions too: there should be none */
  storedPartitions(ranges: ReadonlyMap<number, SourceRange>, strays: boolean, sinceUs: number): Promise<ReadonlyMap<number, StoredPartition>>;
}

/** Where the audit reads from: the generation in use, those before it, and what is made of all of them. */
export interface AuditSources extends GenerationSources {
  /** Generations that recoveries have closed, oldest first. @throws AuditNotPossibleError when this one is closed itself */
  closedGenerations(): Promise<readonly GenerationSources[]>;
  quotaSnapshot(): Promise<QuotaState>;
  /** USAGE sequences up to which ClickHouse is known to have the rows. */
  rowsProgress(): Promise<Sequences>;
  sealedMonths(): Promise<SealedMonths>;
  /** By partition, how many identities the recorded rows of all generations have, up to the USAGE sequences given of this one. */
  uniqueOriginals(sourceTo: Sequences, sinceUs: number): Promise<Sequences>;
  /** The summaries' own answer, closed generations included, up to the USAGE sequences given of this one, by key. */
  summaries(sourceTo: Sequences, sealed: SealedMonths): Promise<ReadonlyMap<string, Sums>>;
}
