/** Answer of the index for one event: who has its identity. */
export const Claim = {
  /** nobody had it; it is this position's now */
  original: 0,
  /** this very position had it already: the run is decided again */
  own: 1,
  /** another position has it, with the same fingerprint */
  duplicate: 2,
  /** another position has it, with another fingerprint */
  conflict: 3,
} as const;
export type Claim = (typeof Claim)[keyof typeof Claim];

/** One event as the index knows it. `usageIds` holds 16 bytes at `at`; the fingerprint is 64 bits in two unsigned halves. */
export interface Claimant {
  usageIds: Uint8Array;
  at: number;
  fingerprintHigh: number;
  fingerprintLow: number;
  /** USAGE sequence, 1 and up */
  sequence: number;
  /** index in the envelope, 0 to 16383 */
  row: number;
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

/** The index could not be kept (a full disk). What it holds in memory is not to be relied on: open it again. */
export class IndexWriteError extends Error {
  constructor(cause: Error) {
    super(`The idempotency index cannot be written: ${cause.message}`, { cause });
    this.name = 'IndexWriteError';
  }
}

/**
 * The identities counted in one partition: usage_id -> position, fingerprint. Exact and without a window. It is a projection of
 * PRICED: what it holds beyond its coverage is provisional until `cover`, and given up by `rollback`.
 */
export interface IdempotencyIndex {
  readonly coverage: Coverage;
  /** Identities held, provisional ones included. */
  readonly size: number;
  /** Says who has the identity; when nobody has, it becomes the claimant's, provisionally. */
  claim(claimant: Claimant): Claim;
  /** Makes the claims since the last call permanent: a PRICED message that carries them is stored. Rejects with IndexWriteError when they cannot be kept. */
  cover(coverage: Coverage): Promise<void>;
  /** Gives up all provisional claims. */
  rollback(): void;
  /** The position that has an identity, or null. */
  positionOf(usageIds: Uint8Array, at: number): { sequence: number; row: number } | null;
  close(): Promise<void>;
}

/** The stream an index belongs to: an index of another one must not be used. */
export interface IndexedStream {
  partition: number;
  /** creation time of the PRICED stream */
  created: string;
}

export interface IdempotencyIndexes {
  /** Opens the index of a partition with everything kept of it; empty when nothing is, or when it belongs to another stream. */
  open(stream: IndexedStream): Promise<IdempotencyIndex>;
}
