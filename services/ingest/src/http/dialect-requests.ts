import { MAX_COUNT, MAX_DECIMAL } from '@ledgerline/contracts';
import { countsCachedInside } from '@ledgerline/domain-dialects';
import { nameProblem } from '@ledgerline/domain-metering';
import { z } from 'zod';

const MAX_COST_USD = 9_000_000;
const LONGEST_KEY = 512;

const name = z.string('expected text').superRefine((text, context) => {
  const problem = nameProblem(text);
  if (problem !== null) context.addIssue({ code: 'custom', message: problem });
});
const count = z.number('expected a whole number').int('expected a whole number').min(0, 'must not be negative').max(MAX_COUNT, `must be at most ${MAX_COUNT}`);
/** Judged to the last digit by the reader of native events; here only what no decimal is. */
const decimal = (most: number) => z.union([z.number().min(0, 'must not be negative').max(most, `must be at most ${most}`), z.string().max(40, 'must be at most 40 characters long')], 'expected a number or a decimal string');
const units = decimal(MAX_DECIMAL);
const usd = decimal(MAX_COST_USD);
const apiKey = z.string('expected text').max(LONGEST_KEY, `must be at most ${LONGEST_KEY} characters long`);

/** Body of POST /usage. Fields that the document does not name are passed over. */
export const newEntryRequest = z.object({
  api_name: name,
  endpoint: z.string('expected text').max(2_048, 'must be at most 2048 characters long').nullish(),
  units_used: units,
  cost_usd: usd.nullish(),
  api_key_used: apiKey.nullish(),
});

/** Body of PUT /usage/{usage_id}: what the entry should be. */
export const changedEntryRequest = z
  .object({ units_used: units.nullish(), cost_usd: usd.nullish() })
  .refine(({ units_used, cost_usd }) => units_used != null || cost_usd != null, { path: ['units_used'], error: 'give units_used, cost_usd or both' });

/** Cached tokens are part of the input: there cannot be more of them. */
const tooManyCached = 'must not be more than the input tokens, which it is part of';

/** Body of POST /v1/usage/record. */
export const newRecordRequest = z
  .object({
    accountId: name.nullish(),
    context: z.enum(['customer', 'system'], 'expected customer or system').nullish(),
    transactionId: name.nullish(),
    modelId: name,
    usageType: name.nullish(),
    inputTokens: count.nullish(),
    outputTokens: count.nullish(),
    cachedTokens: count.nullish(),
  })
  .superRefine(({ accountId, context, inputTokens, outputTokens, cachedTokens }, refinement) => {
    const wrong = (field: string, message: string) => refinement.addIssue({ code: 'custom', path: [field], message });
    if (context === 'system' && accountId != null) wrong('accountId', 'must be left out of system usage');
    if (inputTokens == null && outputTokens == null) wrong('inputTokens', 'give inputTokens, outputTokens or both');
    if (cachedTokens != null && cachedTokens > (inputTokens ?? 0)) wrong('cachedTokens', tooManyCached);
  });

const metadata = z.record(z.string(), z.unknown(), 'expected an object').nullish();

/** Body of POST /v1/usage-logs. */
export const newLogRequest = z
  .object({
    user_id: name,
    customer_id: name.nullish(),
    model_name: name.nullish(),
    provider: name,
    operation_type: name.nullish(),
    input_tokens: count.nullish(),
    output_tokens: count.nullish(),
    cached_tokens: count.nullish(),
    firecrawl_credits: units.nullish(),
    status: z.enum(['ok', 'error'], 'expected ok or error').nullish(),
    error_code: name.nullish(),
    request_metadata: metadata,
    response_metadata: metadata,
  })
  .superRefine(({ provider, model_name, input_tokens, output_tokens, cached_tokens, firecrawl_credits, status }, refinement) => {
    const wrong = (field: string, message: string) => refinement.addIssue({ code: 'custom', path: [field], message });
    if (model_name == null && firecrawl_credits == null) wrong('model_name', 'is required, unless firecrawl_credits are given');
    if (status !== 'error' && [input_tokens, output_tokens, cached_tokens, firecrawl_credits].every((one) => one == null)) wrong('input_tokens', 'give tokens or firecrawl_credits, unless the call failed (status error)');
    if (cached_tokens != null && countsCachedInside(provider) && cached_tokens > (input_tokens ?? 0)) wrong('cached_tokens', tooManyCached);
  });

/** What was left out and what was null are the same. */
export function given<T extends object>(fields: T): { [Key in keyof T]: Exclude<T[Key], null> } {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== null)) as never;
}
