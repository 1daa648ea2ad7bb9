import { type WrittenFile } from '@ledgerline/archive-store';
import { type Checkpoint, type StoredMessage, type StreamState } from '@ledgerline/messaging';

/** Under which lease a partition is worked on. */
export interface Claim {
  partition: number;
  epoch: number;
}

/** A file of the archive, as the ledger knows it. Times are microseconds since 1970. */
export interface ArchivedFile extends Pick<WrittenFile, 'from' | 'to' | 'name' | 'bytes'> {
  /** The USAGE messages that its messages embed. */
  sourceFrom: number;
  sourceTo: number;
  /** The broker's times of its first and last PRICED message. */
  pricedFromUs: number;
  pricedToUs: number;
  /** The broker's times of its first and last USAGE message. */
  recordedFromUs: number;
  recordedToUs: number;
  events: number;
}

/** The first sequence of each stream that trimming leaves; 1 when nothing was trimmed. */
export interface Trimmed {
  pricedBefore: number;
  usageBefore: number;
}

export interface PartitionProgress extends Trimmed {
  checkpoint: Checkpoint;
}

/** What is archived and trimmed. The writing methods are one transaction each and throw LeaseLostError when the claim is stale. */
export interface ArchiveLedger {
  /** null before the first file. */
  load(partition: number): Promise<PartitionProgress | null>;
  /** Names the file and moves the checkpoint behind it. Naming it again changes nothing. */
  recordFile(claim: Claim, file: ArchivedFile, checkpoint: Checkpoint): Promise<void>;
  /** The oldest files that end at or behind `sequence`, in order. */
  filesFrom(partition: number, sequence: number, limit: number): Promise<ArchivedFile[]>;
  /** Records a decision before it is carried out, so that nobody ever misses a message without knowing where it went. */
  recordTrim(claim: Claim, trimmed: Trimmed): Promise<void>;
}

/** Who still needs PRICED, and from where on. Rejects when that cannot be known: then nothing is trimmed. */
export interface LogReaders {
  /** By the reader's name, the last PRICED sequence it has done with. */
  positions(partition: number): Promise<ReadonlyMap<string, number>>;
}

/** A partition's two streams. */
export interface PartitionLog {
  /** State of PRICED, once it is sure that it is the stream which the checkpoint was read from. @throws PositionLostError */
  open(partition: number, checkpoint: Checkpoint | undefined): Promise<StreamState>;
  usage(partition: number): Promise<StreamState>;
  /** The broker's time of a PRICED message. */
  timeOf(partition: number, sequence: number): Promise<number>;
  range(partition: number, from: number, to: number): AsyncIterable<StoredMessage>;
  /** Removes what lies before these sequences. */
  purge(partition: number, trimmed: Trimmed): Promise<void>;
}
