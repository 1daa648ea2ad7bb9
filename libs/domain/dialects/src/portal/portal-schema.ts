/** What the client portal's API takes and answers, as JSON Schema, for documents about it. `readPortalUsage` decides. */

const uuid = { type: 'string', format: 'uuid', pattern: '^[0-9a-fA-F]{8}-([0-9a-fA-F]{4}-){3}[0-9a-fA-F]{12}$' };
const name = { type: 'string', minLength: 1, maxLength: 256, pattern: '^[^\\u0000-\\u001f\\u007f]*$' };
const count = { type: 'integer', minimum: 0, maximum: Number.MAX_SAFE_INTEGER };

export const portalUsageSchema = {
  type: 'object',
  description: 'One usage of a project. Fields that are not named here are passed over.',
  required: ['project_id', 'provider', 'model', 'input_tokens', 'output_tokens'],
  properties: {
    project_id: { ...uuid, description: 'One of `POST /v1/projects`.' },
    provider: name,
    model: name,
    input_tokens: count,
    output_tokens: count,
    request_timestamp: { type: ['string', 'null'], description: 'ISO 8601; now unless given.' },
  },
  examples: [{ project_id: '550e8400-e29b-41d4-a716-446655440000', provider: 'openai', model: 'gpt-4', input_tokens: 1500, output_tokens: 500 }],
} as const;

export const portalRecordSchema = {
  type: 'object',
  description: 'A usage that was recorded.',
  additionalProperties: false,
  required: ['id', 'project_id', 'provider', 'model', 'input_tokens', 'output_tokens', 'total_tokens', 'cost_usd', 'request_timestamp'],
  properties: {
    id: uuid,
    project_id: { type: ['string', 'null'] },
    provider: { type: 'string' },
    model: { type: 'string' },
    input_tokens: { type: 'number' },
    output_tokens: { type: 'number' },
    total_tokens: { type: 'number' },
    cost_usd: { type: ['number', 'null'], description: 'With the digits of the exact cost; null where there is no price.' },
    request_timestamp: { type: 'string' },
    warning: { type: 'string' },
  },
  examples: [
    {
      id: '6f0c2a44-9d0e-4b52-8a63-1f2f0d5f3c11', project_id: '550e8400-e29b-41d4-a716-446655440000', provider: 'openai', model: 'gpt-4',
      input_tokens: 1500, output_tokens: 500, total_tokens: 2000, cost_usd: 0.075, request_timestamp: '2026-01-15T10:30:00Z',
    },
  ],
} as const;

export const portalErrorSchema = {
  type: 'object',
  description: "An error as the client portal's API has it.",
  additionalProperties: false,
  required: ['error'],
  properties: {
    error: { type: 'string' },
    details: { type: 'array', items: { type: 'object', required: ['code', 'path', 'message'], properties: { code: { type: 'string' }, path: { type: 'array' }, message: { type: 'string' } } } },
  },
  examples: [{ error: 'Validation failed', details: [{ code: 'invalid_string', validation: 'uuid', path: ['project_id'], message: 'Invalid uuid' }] }],
} as const;
