import { parseUsd } from '@ledgerline/kernel';
import { cachedInside, cachedTokens, inputTokens, outputTokens } from '../tokens.js';
import { costField, type JsonNumber, type NativeUsage, shortTime, type UsageView } from '../usage-view.js';

/** A call of an AI service, as `POST /v1/usage-logs` takes it. */
export interface LogUsage {
  readonly user_id: string;
  /** Only calls that are billed by credits may have none. */
  readonly model_name?: string | null | undefined;
  readonly provider: string;
  readonly operation_type?: string | null | undefined;
  readonly input_tokens?: number | undefined;
  readonly output_tokens?: number | undefined;
  /** Read from a cache: part of the input, but for Anthropic, which counts them apart. */
  readonly cached_tokens?: number | undefined;
  readonly firecrawl_credits?: number | string | undefined;
  readonly status?: 'ok' | 'error' | undefined;
  readonly error_code?: string | null | undefined;
  readonly request_metadata?: object | null | undefined;
  readonly response_metadata?: object | null | undefined;
}

/** A usage log as it is answered. */
export interface UsageLogRecord {
  readonly id: string;
  readonly user_id: string | null;
  readonly model_name: string;
  readonly provider: string;
  readonly operation_type: string | null;
  readonly input_tokens: number;
  readonly output_tokens: number;
  readonly cached_tokens?: number;
  readonly firecrawl_credits?: unknown;
  /** a JSON number with the digits of the decimal; null: unknown */
  readonly cost_usd: unknown;
  /** whole cents of the cost, what is left over dropped; null: unknown */
  readonly platform_credits: unknown;
  readonly status: 'ok' | 'error';
  readonly error_code: string | null;
  readonly request_metadata: unknown;
  readonly response_metadata: unknown;
  readonly created_at: string;
  readonly warning?: string;
}

/** Whether a provider's cached tokens are counted as part of its input. */
export const countsCachedInside = (provider: string): boolean => provider !== 'anthropic';

export function fromLog(log: LogUsage, customerId: string): NativeUsage {
  const { user_id, model_name, provider, operation_type, input_tokens, output_tokens, cached_tokens, firecrawl_credits } = log;
  const input = countsCachedInside(provider)
    ? cachedInside(input_tokens, cached_tokens)
    : { ...(input_tokens === undefined ? {} : { input_tokens }), ...(cached_tokens === undefined ? {} : { cached_input_tokens: cached_tokens }) };
  return {
    source: 'logs',
    customer_id: customerId,
    user_id,
    provider,
    model: model_name ?? provider,
    operation: operation_type ?? undefined,
    usage: { ...input, ...(output_tokens === undefined ? {} : { output_tokens }), ...(firecrawl_credits === undefined ? {} : { credits: firecrawl_credits }) },
    status: log.status,
    error_code: log.error_code ?? undefined,
    request_metadata: log.request_metadata ?? undefined,
    response_metadata: log.response_metadata ?? undefined,
  };
}

const PICO_PER_CREDIT = 10_000_000_000n;

/** Platform credits of a cost: `int(cost_usd * 100)`. @param costUsd decimal text */
export const creditsOf = (costUsd: string): bigint => parseUsd(costUsd) / PICO_PER_CREDIT;

export function toLog(view: UsageView, jsonNumber: JsonNumber): UsageLogRecord {
  const cached = cachedTokens(view);
  const { credits } = view.usage;
  return {
    id: view.usage_id,
    user_id: view.user_id ?? null,
    model_name: view.model,
    provider: view.provider,
    operation_type: view.operation ?? null,
    input_tokens: countsCachedInside(view.provider) ? inputTokens(view) : Number(view.usage['input_tokens'] ?? 0),
    output_tokens: outputTokens(view),
    ...(cached === undefined ? {} : { cached_tokens: cached }),
    ...(credits === undefined ? {} : { firecrawl_credits: typeof credits === 'number' ? credits : jsonNumber(credits) }),
    ...(costField(view, 'cost_usd', jsonNumber) as Pick<UsageLogRecord, 'cost_usd' | 'warning'>),
    platform_credits: view.cost_usd === null ? null : jsonNumber(String(creditsOf(view.cost_usd))),
    status: view.status ?? 'ok',
    error_code: view.error_code ?? null,
    request_metadata: view.request_metadata ?? null,
    response_metadata: view.response_metadata ?? null,
    created_at: shortTime(view.occurred_at),
  };
}
