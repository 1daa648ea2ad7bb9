import { SYSTEM_CUSTOMER } from '@ledgerline/domain-metering';
import { cachedInside, cachedTokens, inputTokens, outputTokens } from '../tokens.js';
import { costField, type JsonNumber, type NativeUsage, shortTime, type UsageView } from '../usage-view.js';

/** A model call as `POST /v1/usage/record` takes it. */
export interface RecordUsage {
  /** The customer; without one it is the platform's own use. */
  readonly accountId: string | undefined;
  /** Of the customer's transaction; many calls may share one. */
  readonly transactionId?: string | null | undefined;
  readonly modelId: string;
  readonly usageType?: string | null | undefined;
  readonly inputTokens?: number | undefined;
  readonly outputTokens?: number | undefined;
  /** Those of the input that came from a cache. */
  readonly cachedTokens?: number | undefined;
}

/** A usage record as it is answered. */
export interface UsageRecord {
  readonly id: string;
  readonly context: 'customer' | 'system';
  /** null: the platform's own use */
  readonly accountId: string | null;
  readonly transactionId: string | null;
  readonly modelId: string;
  readonly usageType: string | null;
  readonly inputTokens: number;
  readonly outputTokens: number;
  readonly cachedTokens?: number;
  /** a JSON number with the digits of the decimal; null: unknown */
  readonly estimatedCostUsd: unknown;
  readonly createdAt: string;
  readonly warning?: string;
}

/** Stands for a provider that nobody named and the price book does not tell: nothing has a price there. */
export const UNKNOWN_PROVIDER = 'unknown';

/** The dialect names no provider: it is the only one that the price book has this very model of. @param providers that have it */
export const providerOf = (providers: readonly string[]): string => (providers.length === 1 ? providers[0]! : UNKNOWN_PROVIDER);

/** @param provider of the model, from `providerOf` */
export function fromRecord(record: RecordUsage, provider: string): NativeUsage {
  const { accountId, transactionId, modelId, usageType, inputTokens: input, outputTokens: output, cachedTokens: cached } = record;
  return {
    source: 'records',
    customer_id: accountId ?? SYSTEM_CUSTOMER,
    context: accountId === undefined ? 'system' : 'customer',
    provider,
    model: modelId,
    operation: usageType ?? undefined,
    transaction_id: transactionId ?? undefined,
    usage: { ...cachedInside(input, cached), ...(output === undefined ? {} : { output_tokens: output }) },
  };
}

export function toRecord(view: UsageView, jsonNumber: JsonNumber): UsageRecord {
  const context = view.customer_id === SYSTEM_CUSTOMER ? 'system' : 'customer';
  const cached = cachedTokens(view);
  return {
    id: view.usage_id,
    context,
    accountId: context === 'system' ? null : view.customer_id,
    transactionId: view.transaction_id ?? null,
    modelId: view.model,
    usageType: view.operation ?? null,
    inputTokens: inputTokens(view),
    outputTokens: outputTokens(view),
    ...(cached === undefined ? {} : { cachedTokens: cached }),
    ...(costField(view, 'estimatedCostUsd', jsonNumber) as Pick<UsageRecord, 'estimatedCostUsd' | 'warning'>),
    createdAt: shortTime(view.occurred_at),
  };
}
