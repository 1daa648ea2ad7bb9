/** A usage entry as it is answered, as JSON Schema, for documents about it. */
export const usageEntrySchema = {
  type: 'object',
  description: "A usage of one of the platform's own APIs.",
  additionalProperties: false,
  required: ['usage_id', 'user_id', 'api_name', 'endpoint', 'units_used', 'cost_usd', 'api_key_used', 'status_active', 'created_at'],
  properties: {
    usage_id: { type: 'string', format: 'uuid' },
    user_id: { type: ['string', 'null'] },
    api_name: { type: 'string' },
    endpoint: { type: ['string', 'null'] },
    units_used: { type: ['number', 'null'], description: 'null: what was used is not counted in units.' },
    cost_usd: { type: ['number', 'null'], description: 'With the digits of the exact cost; null: nobody knows it.' },
    api_key_used: { type: ['string', 'null'], description: 'Masked; whole in the answer to what is sent.' },
    status_active: { type: 'boolean', description: 'false once it was deleted.' },
    created_at: { type: 'string', format: 'date-time' },
    warning: { type: 'string' },
  },
  examples: [
    { usage_id: '6f0c2a44-9d0e-4b52-8a63-1f2f0d5f3c11', user_id: 'ann', api_name: 'llm_query', endpoint: '/chat', units_used: 346, cost_usd: 0.0043, api_key_used: 'pk_live_…', status_active: true, created_at: '2026-01-15T10:30:00Z' },
  ],
} as const;
