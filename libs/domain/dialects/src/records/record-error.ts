/** An error of the usage records' API. The document shows none; `success` is on every answer of it. */
export interface RecordError {
  readonly success: false;
  readonly error: {
    /** Stable, machine-readable. */
    readonly code: string;
    readonly message: string;
    /** What is wrong with which field. */
    readonly fields?: readonly { readonly field: string; readonly reason: string }[];
  };
}

export function recordError(code: string, message: string, fields?: readonly { readonly field: string; readonly reason: string }[]): RecordError {
  return { success: false, error: { code, message, ...(fields && fields.length > 0 ? { fields } : {}) } };
}
