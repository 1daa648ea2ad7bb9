/** One bad field of a request. `field` is a path such as `thresholds.0`. */
export interface FieldError {
  field: string;
  reason: string;
}

/** An error whose every part may be shown to the caller; the one place where a use case's outcome gets an HTTP status. */
export class ProblemError extends Error {
  constructor(
    readonly status: number,
    /** Stable, machine-readable, snake_case. */
    readonly code: string,
    readonly detail: string,
    readonly errors?: readonly FieldError[],
    /** Extra response headers, such as Retry-After. */
    readonly headers?: Readonly<Record<string, string>>,
    /** What is wrong in the words of a dialect, for its `ErrorBody`. */
    readonly details?: readonly object[],
  ) {
    super(detail);
    this.name = 'ProblemError';
  }
}
