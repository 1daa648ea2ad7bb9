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
    id: { ...optionalName, minLength: 1, description: 'With customer_id and source it is what the event is; made when left out, and then a retry is a new event.' },
    source: { ...optionalName, description: '`api` when left out.' },
    customer_id: { ...name, description: 'Who used it. A first event makes the customer.' },
    project_id: optionalName,
    user_id: optionalName,
    provider: name,
    model: name,
    operation: optionalName,
    endpoint: { type: ['string', 'null'], maxLength: MAX_ENDPOINT_LENGTH },
    context: { enum: ['customer', 'system', null], description: '`customer` when left out; `system` is use of the platform itself.' },
    transaction_id: optionalName,
    service_tier: optionalName,
    usage: {
      type: 'object',
      description: 'Disjoint quantities. Counts are whole numbers up to 2^53-1; seconds, credits and units have up to nine places.',
      additionalProperties: false,
      properties: Object.fromEntries(QUANTITIES.map((kind) => [kind.name, kind.decimal ? decimal : count])),
    },
    client_cost_usd: { type: ['number', 'string', 'null'], minimum: 0, maximum: 9_000_000, maxLength: 40, description: 'What the sender says that it costs. It counts for the provider `internal` alone, where the price book has no price.' },
    occurred_at: { type: ['string', 'null'], maxLength: 64, description: 'RFC 3339 with its offset, from 2000 to five minutes from now; the time of arrival when left out.' },
    status: { enum: ['ok', 'error', null], description: '`ok` when left out. A failed call may have no usage.' },
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
