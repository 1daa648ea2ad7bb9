/** A PRICED message as it lies in its stream. */
export interface PricedMessage {
  sequence: number;
  data: Uint8Array;
}

export interface LogState {
  /** another when the stream is deleted and made anew */
  streamId: string;
  /** first sequence still there; 1 for a stream that was never trimmed */
  firstSequence: number;
  /** 0: nothing was ever stored */
  lastSequence: number;
}

/** What an attempt to append came to. */
export type AppendResult =
  /** stored at `sequence` */
  | { kind: 'stored'; sequence: number }
  /** no answer, or another last sequence than expected: the log has to be asked */
  | { kind: 'unclear'; cause: Error };

/** What can be read of a PRICED stream. */
export interface PricedReader {
  /** PRICED's name, for messages to people */
  readonly name: string;
  state(): Promise<LogState>;
  /** The messages [from..to], all of them. */
  range(from: number, to: number): AsyncIterable<PricedMessage>;
}

/** A partition's PRICED with what an index needs of it to follow. */
export interface ReplayableLog extends PricedReader {
  at(sequence: number): Promise<PricedMessage | null>;
  /** The same partition in a generation before this one. Rejects with PositionLostError when that is gone, or had another number of partitions. */
  closed(generation: number, partitions: number): Promise<PricedReader>;
}

/** One partition's PRICED stream, and the state of its USAGE stream. Reads come from the leader. */
export interface PricedLog extends ReplayableLog {
  usageState(): Promise<LogState>;
  last(): Promise<PricedMessage | null>;
  /** Appends unless the last sequence is another than expected. Rejects when the message is certainly not stored (full, too large, no stream). */
  append(bytes: Uint8Array, expectedLastSequence: number, traceparent?: string): Promise<AppendResult>;
}
