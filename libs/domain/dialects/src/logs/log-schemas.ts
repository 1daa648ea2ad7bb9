/** What the usage logs' API answers, as JSON Schema, for documents about it. */

export const usageLogSchema = {
  type: 'object',
  description: 'A call of an AI service.',
  additionalProperties: false,
  required: ['id', 'user_id', 'model_name', 'provider', 'operation_type', 'input_tokens', 'output_tokens', 'cost_usd', 'platform_credits', 'status', 'error_code', 'request_metadata', 'response_metadata', 'created_at'],
  properties: {
    id: { type: 'string', format: 'uuid' },
    user_id: { type: ['string', 'null'] },
    model_name: { type: 'string' },
    provider: { type: 'string' },
    operation_type: { type: ['string', 'null'] },
    input_tokens: { type: 'number', description: 'As it was sent: those from a cache among them, but for Anthropic.' },
    output_tokens: { type: 'number' },
    cached_tokens: { type: 'number' },
    firecrawl_credits: { type: 'number' },
    cost_usd: { type: ['number', 'null'], description: 'With the digits of the exact cost; null where there is no price.' },
    platform_credits: { type: ['number', 'null'], description: 'The whole cents of the cost; null where there is no price.' },
    status: { enum: ['ok', 'error'] },
    error_code: { type: ['string', 'null'] },
    request_metadata: {},
    response_metadata: {},
    created_at: { type: 'string', format: 'date-time' },
    warning: { type: 'string' },
  },
  examples: [
    {
      id: '6f0c2a44-9d0e-4b52-8a63-1f2f0d5f3c11', user_id: 'user-1', model_name: 'gpt-4o', provider: 'openai', operation_type: 'chat', input_tokens: 1500, output_tokens: 500, cached_tokens: 200, cost_usd: 0.015,
      platform_credits: 1, status: 'ok', error_code: null, request_metadata: null, response_metadata: { id: 'chatcmpl-1' }, created_at: '2026-01-15T10:30:00Z',
    },
  ],
} as const;

export const userCreditsSchema = {
  type: 'object',
  description: 'What a user has used in all.',
  additionalProperties: false,
  required: ['user_id', 'total_credits', 'total_cost_usd', 'usage_count', 'unpriced_count'],
  properties: {
    user_id: { type: 'string' },
    total_credits: { type: ['number', 'null'], description: 'Of each call the whole cents, added up; null where no cost is known.' },
    total_cost_usd: { type: ['number', 'null'] },
    usage_count: { type: 'number' },
    unpriced_count: { type: 'number', description: 'Calls whose cost is unknown and in no total.' },
    warning: { type: 'string' },
  },
  examples: [{ user_id: 'user-1', total_credits: 8, total_cost_usd: 0.089, usage_count: 3, unpriced_count: 0 }],
} as const;
