/** What the usage records' API answers, as JSON Schema, for documents about it. */

export const usageRecordSchema = {
  type: 'object',
  description: 'A model call.',
  additionalProperties: false,
  required: ['id', 'context', 'accountId', 'transactionId', 'modelId', 'usageType', 'inputTokens', 'outputTokens', 'estimatedCostUsd', 'createdAt'],
  properties: {
    id: { type: 'string', format: 'uuid' },
    context: { enum: ['customer', 'system'] },
    accountId: { type: ['string', 'null'], description: "null: the platform's own use." },
    transactionId: { type: ['string', 'null'] },
    modelId: { type: 'string' },
    usageType: { type: ['string', 'null'] },
    inputTokens: { type: 'number', description: 'Those from a cache among them.' },
    outputTokens: { type: 'number' },
    cachedTokens: { type: 'number' },
    estimatedCostUsd: { type: ['number', 'null'], description: 'With the digits of the exact cost; null where there is no price.' },
    createdAt: { type: 'string', format: 'date-time' },
    warning: { type: 'string' },
  },
  examples: [
    {
      id: '6f0c2a44-9d0e-4b52-8a63-1f2f0d5f3c11', context: 'customer', accountId: 'acc_123', transactionId: 'txn_xyz789', modelId: 'gpt-4o', usageType: 'text',
      inputTokens: 1500, outputTokens: 500, cachedTokens: 200, estimatedCostUsd: 0.015, createdAt: '2026-01-15T10:30:00Z',
    },
  ],
} as const;

const cost = { type: ['number', 'null'], description: 'The sum of the costs that are known; null where none is.' };

export const recordsSummarySchema = {
  type: 'object',
  description: 'Sums of the records that were asked for.',
  additionalProperties: false,
  required: ['totalCostUsd', 'totalInputTokens', 'totalOutputTokens', 'byContext', 'byModel'],
  properties: {
    totalCostUsd: cost,
    totalInputTokens: { type: 'number' },
    totalOutputTokens: { type: 'number' },
    byContext: { type: 'object', additionalProperties: false, required: ['customer', 'system'], properties: { customer: cost, system: cost } },
    byModel: { type: 'object', additionalProperties: { type: 'object', additionalProperties: false, required: ['costUsd', 'count'], properties: { costUsd: cost, count: { type: 'number' } } } },
    unpricedCount: { type: 'number', description: 'Records whose cost is unknown and in no sum.' },
    warning: { type: 'string' },
  },
  examples: [{ totalCostUsd: 0.165, totalInputTokens: 1001500, totalOutputTokens: 500, byContext: { customer: 0.015, system: 0.15 }, byModel: { 'gpt-4o': { costUsd: 0.015, count: 1 }, 'gpt-4o-mini': { costUsd: 0.15, count: 1 } } }],
} as const;

export const recordErrorSchema = {
  type: 'object',
  description: "An error of the usage records' API.",
  additionalProperties: false,
  required: ['success', 'error'],
  properties: {
    success: { const: false },
    error: {
      type: 'object',
      additionalProperties: false,
      required: ['code', 'message'],
      properties: {
        code: { type: 'string' },
        message: { type: 'string' },
        fields: { type: 'array', items: { type: 'object', required: ['field', 'reason'], properties: { field: { type: 'string' }, reason: { type: 'string' } } } },
      },
    },
  },
  examples: [{ success: false, error: { code: 'validation_failed', message: 'The request has 1 bad field.', fields: [{ field: 'modelId', reason: 'expected text' }] } }],
} as const;
