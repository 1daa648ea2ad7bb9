import { MAX_COUNT, MAX_DECIMAL, QUANTITIES } from '@ledgerline/contracts';
import { MAX_ENDPOINT_LENGTH, MAX_NAME_LENGTH, MAX_TAG_KEY_LENGTH, MAX_TAG_VALUE_LENGTH, MAX_TAGS } from '@ledgerline/domain-metering';

const name = { type: 'string', minLength: 1, maxLength: MAX_NAME_LENGTH };
const optionalName = { type: ['string', 'null'], maxLength: MAX_NAME_LENGTH };
const count = { type: 'integer', minimum: 0, maximum: MAX_COUNT };
const decimal = { type: ['number', 'string'], minimum: 0, maximum: MAX_DECIMAL, maxLength: 40 };
const metadata = { type: ['object', 'null'] };

/**
 * A native usage event, as JSON Schema. `null` for an optional field is the same as leaving it out.
 *
 * Decimal quantities and money may be sent as decimal strings, which are exact whatever their length.
 */
export const usageEventSchema = {
  type: 'object',
  additionalProperties: false,
  required: ['customer_id', 'provider', 'model', 'usage'],
  properties: {
    id: { ...optionalName, minLength: 1 },
    source: optionalName,
    customer_id: name,
    project_id: optionalName,
    user_id: optionalName,
    provider: name,
    model: name,
    operation: optionalName,
    endpoint: { type: ['string', 'null'], maxLength: MAX_ENDPOINT_LENGTH },
    context: { enum: ['customer', 'system', null] },
    transaction_id: optionalName,
    service_tier: optionalName,
    usage: {
      type: 'object',
      additionalProperties: false,
      properties: Object.fromEntries(QUANTITIES.map((kind) => [kind.name, kind.decimal ? decimal : count])),
    },
    client_cost_usd: { type: ['number', 'string', 'null'], minimum: 0, maximum: 9_000_000, maxLength: 40 },
    occurred_at: { type: ['string', 'null'], maxLength: 64 },
    status: { enum: ['ok', 'error', null] },
    error_code: optionalName,
    latency_ms: { type: ['integer', 'null'], minimum: 0, maximum: MAX_COUNT - 1 },
    tags: {
      type: ['object', 'null'],
      maxProperties: MAX_TAGS,
      propertyNames: { minLength: 1, maxLength: MAX_TAG_KEY_LENGTH },
      additionalProperties: { type: 'string', maxLength: MAX_TAG_VALUE_LENGTH },
    },
    request_metadata: metadata,
    response_metadata: metadata,
  },
} as const;
