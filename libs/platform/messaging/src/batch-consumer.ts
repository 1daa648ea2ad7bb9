/** One message of a partition's stream, in order. `data` is a view: keep it only as long as the batch. */
export interface PartitionMessage {
  partition: number;
  sequence: number;
  /** the broker's timestamp, microseconds since 1970 */
  timestampUs: number;
  subject: string;
  data: Uint8Array;
  traceparent?: string;
}

/**
 * A consumer's position in one partition, kept in its own store in the same transaction as its result.
 * Everything but `sequence` is there to notice that the stream is no longer the one that was read.
 */
export interface Checkpoint {
  /** last message handled; 0: none */
  sequence: number;
  /** the stream's id; '' when the store does not know it */
  streamId: string;
  /** digest of the message at `sequence`; '' when the store does not know it */
  messageDigest: string;
  /** the highest sequence this consumer ever saw exist */
  highestSeen: number;
}

/** The checkpoint to store together with a batch's result. */
export type CheckpointCandidate = Checkpoint;

export interface PartitionBatch {
  /** the unit in `unit` mode; null in `merged` mode */
  unit: number | null;
  /** in order within each partition */
  messages: PartitionMessage[];
  /** the lease epoch of every unit in the batch */
  epochs: Map<number, number>;
  /** by partition: what to store once the batch's result is stored */
  heads: Map<number, CheckpointCandidate>;
  /** the batch's own span, for what is published because of it */
  traceparent?: string;
}

/** What a service implements: where it stands, and what it does with a batch. */
export interface BatchConsumer {
  /** The stored checkpoints; a partition without one is left out. Called again after every failure and reconnect. */
  loadCheckpoints(partitions: number[]): Promise<Map<number, Checkpoint>>;
  /** Handles a batch and commits its checkpoints together with the result. A rejection means that nothing was committed, or that it is unknown. */
  handle(batch: PartitionBatch): Promise<void>;
}
