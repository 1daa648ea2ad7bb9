/** DI token of the {@link UsageLog}. */
export const USAGE_LOG = Symbol('USAGE_LOG');

/** What became of an envelope that was handed to the log. */
export type Stored = { readonly stored: true } | { readonly stored: false; readonly reason: string };

/** The durable log that usage events are appended to. */
export interface UsageLog {
  /**
   * Appends one envelope to a partition.
   *
   * Resolves `stored: true` only when the log has it durably; otherwise with the reason, which says whether
   * it may be stored all the same. Never rejects.
   */
  append(partition: number, envelope: Uint8Array, traceparent: string | undefined): Promise<Stored>;

  /** Appends a correction envelope to a partition, on the subject of corrections. Otherwise like `append`. */
  appendCorrection(partition: number, envelope: Uint8Array, traceparent: string | undefined): Promise<Stored>;

  /** False while the log is known to be out of reach: there is no use in trying. */
  readonly available: boolean;
}
