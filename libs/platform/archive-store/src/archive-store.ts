/**
 * Where archive files lie: a folder, or a bucket. Names are relative, with `/` between their parts. A file is there whole or not at
 * all, and writing one again replaces it. Every method rejects when the store cannot be reached.
 */
export interface ArchiveStore {
  /** Where it is, for logs and messages; never with credentials. */
  readonly location: string;
  /** Writes a file; it survives a crash of the machine when this resolves. */
  put(name: string, bytes: Uint8Array): Promise<void>;
  /** @throws ArchiveFileMissingError */
  get(name: string): Promise<Uint8Array>;
  /** Names of the files in a folder (which ends with `/`), sorted. */
  list(folder: string): Promise<string[]>;
}

/** A file that was to be read is not there. */
export class ArchiveFileMissingError extends Error {
  constructor(location: string, name: string) {
    super(`${location}: there is no ${name}`);
    this.name = 'ArchiveFileMissingError';
  }
}
