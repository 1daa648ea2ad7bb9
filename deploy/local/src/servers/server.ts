/** What every embedded server gives back once it answers. */
export interface Server {
  /** What clients connect to, credentials included. */
  readonly url: string;
  readonly pid: number;
  /** Settles when the server has ended, whoever ended it. */
  readonly exited: Promise<unknown>;
  /** Ends it cleanly; acknowledged data is on disk. Safe to call more than once. */
  stop(): Promise<void>;
  /** As a power cut of the process would. For tests of crash safety. */
  kill9(): Promise<void>;
}
