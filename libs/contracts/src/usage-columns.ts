/** One quantity of a batch: an amount for each row. */
export interface AmountColumn {
  /** Index of the quantity (see QUANTITIES). */
  readonly quantity: number;
  /** Whole numbers, or integers of 1e-9 for decimal quantities; -1 is absent. */
  readonly values: Float64Array | BigInt64Array;
}

/** A decoded USAGE envelope. Every column has one entry for each of `count` rows. */
export interface UsageColumns {
  readonly schema: number;
  readonly generation: number;
  readonly partition: number;
  readonly count: number;
  /** Texts that the index columns point into; entry 0 is '' and stands for absent. */
  readonly dictionary: readonly string[];
  /** 16 bytes a row. */
  readonly usageIds: Uint8Array;
  readonly ids: readonly string[];
  readonly source: Uint32Array;
  readonly customer: Uint32Array;
  readonly project: Uint32Array;
  readonly user: Uint32Array;
  readonly provider: Uint32Array;
  readonly model: Uint32Array;
  readonly operation: Uint32Array;
  readonly endpoint: Uint32Array;
  readonly serviceTier: Uint32Array;
  readonly errorCode: Uint32Array;
  readonly apiKey: Uint32Array;
  /** Text of a JSON object of strings. */
  readonly tags: Uint32Array;
  /** Plain decimal text in USD. */
  readonly clientCost: Uint32Array;
  /** 0 customer, 1 system. */
  readonly context: Uint8Array;
  /** 0 ok, 1 error. */
  readonly status: Uint8Array;
  /** 1: part of a declared backfill. */
  readonly backfill: Uint8Array;
  readonly occurredAtUs: Float64Array;
  /** -1 is absent. */
  readonly latencyMs: Float64Array;
  /** null when absent in every row; '' when absent in one. */
  readonly transactionIds: readonly string[] | null;
  readonly requestMetadata: readonly string[] | null;
  readonly responseMetadata: readonly string[] | null;
  readonly quantities: readonly AmountColumn[];
}

/** The index columns, with their field numbers in usage_envelope.proto. */
export const DICTIONARY_FIELDS = {
  source: 8,
  customer: 9,
  project: 10,
  user: 11,
  provider: 12,
  model: 13,
  operation: 14,
  endpoint: 15,
  serviceTier: 16,
  errorCode: 17,
  apiKey: 18,
  tags: 19,
  clientCost: 20,
} as const;

export type DictionaryField = keyof typeof DICTIONARY_FIELDS;

export const DICTIONARY_FIELD_NAMES = Object.keys(DICTIONARY_FIELDS) as readonly DictionaryField[];

/** The layout this code writes, and the highest it reads. */
export const USAGE_SCHEMA = 1;
