/** One PRICED message as the stream held it, with what its envelope says of its sources. */
export interface ArchivedMessage {
  sequence: number;
  /** The broker's timestamp of the PRICED message, microseconds since 1970. */
  timestampUs: number;
  /** The message's bytes, unchanged. */
  data: Uint8Array;
  /** The USAGE messages it covers. */
  sourceFrom: number;
  sourceTo: number;
  /** The broker's times of the first and last of those USAGE messages, microseconds since 1970. */
  recordedFromUs: number;
  recordedToUs: number;
  /** Rows with an outcome, counted or not. */
  events: number;
}

/** A file of the archive is not what it says it is. The message names the file. */
export class ArchiveDamagedError extends Error {
  constructor(name: string, detail: string) {
    super(`${name}: ${detail}`);
    this.name = 'ArchiveDamagedError';
  }
}
