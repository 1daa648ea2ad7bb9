/** Answer of the index for one event: who has its identity. */
export const Claim = {
  /** nobody had it; it is this position's now */
  original: 0,
  /** this very position had it already: the run is decided again */
  own: 1,
  /** another position has it, with the same fingerprint */
  duplicate: 2,
  /** another position has it, with another fingerprint; or another identity has its usage_id */
  conflict: 3,
} as const;
export type Claim = (typeof Claim)[keyof typeof Claim];

/**
 * One event as the index knows it. `usageIds` holds 16 bytes at `at`; the fingerprint is 64 bits in two unsigned halves.
 * Claimants come in the order of their sequences.
 */
export interface Claimant {
  usageIds: Uint8Array;
  at: number;
  /** the identity's texts, which decide whether two usage_ids that are equal mean the same event */
  customer: string;
  source: string;
  id: string;
  fingerprintHigh: number;
  fingerprintLow: number;
  /** USAGE sequence, 1 and up */
  sequence: number;
  /** index in the envelope, 0 to 16383 */
  row: number;
  /** the broker's timestamp of the USAGE message, microseconds since 1970 */
  recordedAtUs: number;
}

/** Where in PRICED the claims of an index come from. */
export interface Coverage {
  /** highest PRICED sequence whose claims are all in; 0: none */
  pricedSequence: number;
  /** `sourceTo` of that PRICED message; 0: none */
  sourceTo: number;
  /** CRC-32 of that PRICED message's bytes; 0: none */
  checksum: number;
}

export const NO_COVERAGE: Coverage = { pricedSequence: 0, sourceTo: 0, checksum: 0 };

/** The index could not be kept (a full disk) or read. What it holds in memory is not to be relied on: open it again. */
export class IndexWriteError extends Error {
  constructor(cause: Error, what = 'written') {
    super(`The idempotency index cannot be ${what}: ${cause.message}`, { cause });
    this.name = 'IndexWriteError';
  }
}

/**
 * The identities counted in one partition: (customer, source, id) -> position, fingerprint, found by usage_id and confirmed by the texts.
 *
 * An identity is held from the hour it was recorded in until the window has passed, counted from the newest identity entered: which ones
 * are held follows from the claims alone, never from when something was written, so that a replay decides the same.
 *
 * It is a projection of PRICED: what it holds beyond its coverage is provisional until `cover`, and given up by `rollback`.
 */
export interface IdempotencyIndex {
  readonly coverage: Coverage;
  /** Every identity recorded at or after this time is held, microseconds since 1970; 0 while none was ever given up. */
  readonly coveredFromUs: number;
  /** Identities stored, provisional ones and those behind the window that are not dropped yet included. */
  readonly size: number;
  /** It could not be written or read, and must be opened again. */
  readonly failed: boolean;
  /** Says who has the identity; when nobody has, it becomes the claimant's, provisionally. Throws IndexWriteError when a page cannot be read. */
  claim(claimant: Claimant): Claim;
  /** Makes the claims since the last call permanent: a PRICED message that carries them is stored. Rejects with IndexWriteError when they cannot be kept. */
  cover(coverage: Coverage): Promise<void>;
  /** Gives up all provisional claims. */
  rollback(): void;
  /** The position that has a usage_id, or null. */
  positionOf(usageIds: Uint8Array, at: number): { sequence: number; row: number } | null;
  close(): Promise<void>;
}

/** The stream an index belongs to: an index of another one must not be used. */
export interface IndexedStream {
  partition: number;
  /** id of the PRICED stream */
  streamId: string;
  /** the first PRICED sequence still there; 1 unless told */
  firstSequence?: number;
}

export interface IdempotencyIndexes {
  /** Opens the index of a partition with everything kept of it; empty when nothing is, or when it belongs to another stream. */
  open(stream: IndexedStream): Promise<IdempotencyIndex>;
}
