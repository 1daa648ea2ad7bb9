import { inputTokens, outputTokens } from '../tokens.js';
import { costField, type JsonNumber, shortTime, type UsageView } from '../usage-view.js';

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

export function portalRecord(view: UsageView, jsonNumber: JsonNumber): PortalRecord {
  const [input, output] = [inputTokens(view), outputTokens(view)];
  return {
    id: view.usage_id,
    project_id: view.project_id ?? null,
    provider: view.provider,
    model: view.model,
    input_tokens: input,
    output_tokens: output,
    total_tokens: input + output,
    ...(costField(view, 'cost_usd', jsonNumber) as Pick<PortalRecord, 'cost_usd' | 'warning'>),
    request_timestamp: shortTime(view.occurred_at),
  };
}
