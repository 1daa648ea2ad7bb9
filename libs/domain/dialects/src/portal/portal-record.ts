/** What is known of a usage, whoever sent it in whatever dialect. */
export interface RecordedUsage {
  readonly id: string;
  readonly projectId: string | null;
  readonly provider: string;
  readonly model: string;
  readonly inputTokens: number;
  readonly outputTokens: number;
  /** decimal text; null: there is no price for it */
  readonly costUsd: string | null;
  readonly requestTimestamp: string;
}

/** A usage as the client portal's API answers it. */
export interface PortalRecord {
  readonly id: string;
  readonly project_id: string | null;
  readonly provider: string;
  readonly model: string;
  readonly input_tokens: number;
  readonly output_tokens: number;
  readonly total_tokens: number;
  /** a JSON number with the digits of the decimal; null: unknown */
  readonly cost_usd: unknown;
  readonly request_timestamp: string;
  readonly warning?: string;
}

/** A time in UTC without zeros at its end: what is answered first and what is read later are the same text. */
export const shortTime = (text: string): string => text.replace(/\.(\d*?)0*Z$/, (_, digits: string) => (digits === '' ? 'Z' : `.${digits}Z`));

/** @param jsonNumber makes a JSON number of a decimal text, digit for digit */
export function portalRecord(usage: RecordedUsage, jsonNumber: (decimal: string) => unknown): PortalRecord {
  const { id, projectId, provider, model, inputTokens, outputTokens, costUsd, requestTimestamp } = usage;
  return {
    id,
    project_id: projectId,
    provider,
    model,
    input_tokens: inputTokens,
    output_tokens: outputTokens,
    total_tokens: inputTokens + outputTokens,
    cost_usd: costUsd === null ? null : jsonNumber(costUsd),
    request_timestamp: requestTimestamp,
    ...(costUsd === null ? { warning: `There is no price for ${provider}/${model}; the usage is recorded, its cost is unknown.` } : {}),
  };
}
