import { type RouteDoc } from '@ledgerline/service-kit';
import { z } from 'zod';
import { acceptHeader, cost, freshness, INVALID, LIST_NOT_READABLE, listAnswer, money, NO_CUSTOMER, NOT_ACCEPTABLE, NOT_READABLE, position, time, usage, usageId } from './answers.openapi.js';
import { eventsParameters } from './event-queries.js';
import { eventParameters } from './queries.js';

const tag = 'Events';
const problems = {
  ...INVALID,
  404: { ...NO_CUSTOMER, unknown_event: 'No such event was recorded, or it is not stored any more.' },
  410: { past_retention: 'It was recorded, and is no longer stored. The detail names what to use instead.' },
  ...NOT_READABLE,
};
const text = z.string().optional();
const status = z.enum(['ok', 'error']);
const state = z.enum(['priced', 'unpriced', 'voided', 'credited']);

const fields = {
  usage_id: usageId,
  state: state.meta({ description: '`voided`: it has no usage and costs 0. `credited`: a credit, money alone.' }),
  id: z.string(),
  source: z.string(),
  customer_id: z.string(),
  provider: z.string(),
  model: z.string(),
  project_id: text,
  user_id: text,
  operation: text,
  endpoint: text,
  transaction_id: text,
  service_tier: text,
  error_code: text,
  api_key_id: text.meta({ description: 'The key that it was sent with.' }),
  price_book_version: text,
  price_source: z.enum(['book', 'client', 'correction']).optional().meta({ description: 'Where the cost comes from; left out where there is none.' }),
  context: z.enum(['customer', 'system']),
  status,
  latency_ms: z.int().optional(),
  usage,
  cost_usd: cost,
  client_cost_usd: money.optional(),
  tags: z.record(z.string(), z.string()),
  request_metadata: z.unknown().optional(),
  response_metadata: z.unknown().optional(),
  occurred_at: time,
  recorded_at: time,
  version: z.int().optional().meta({ description: '0 as recorded; counts its corrections.' }),
  corrected: z.literal(true).optional(),
  replaced_by: usageId.optional().meta({ description: "The event that stands in a voided one's place." }),
};
const held = {
  usage_id: usageId,
  state: z.enum(['quarantined', 'late', 'parked']),
  customer_id: z.string(),
  reason: z.strictObject({ code: z.string(), detail: z.string() }),
  event: z.unknown().meta({ description: 'As it came.' }),
  recorded_at: time,
};
const example = {
  usage_id: '6f0c2a44-9d0e-4b52-8a63-1f2f0d5f3c11', state: 'priced', id: 'req-1', source: 'gateway', customer_id: 'acme', provider: 'openai', model: 'gpt-4', context: 'customer', status: 'ok',
  usage: { input_tokens: 1500, output_tokens: 500 }, cost_usd: '0.075', tags: { team: 'search' }, occurred_at: '2026-01-15T10:30:00.123456Z', recorded_at: '2026-01-15T10:30:00.200000Z', version: 0,
};

const event = z.strictObject(fields).meta({ id: 'Event', description: 'An event as it is now.', examples: [example] });
const oneEvent = z.strictObject({ ...fields, freshness }).meta({ id: 'EventWithFreshness' });
const heldEvent = z.strictObject({ ...held, freshness }).meta({ id: 'HeldEvent', description: 'An event that was held back and counts nothing.' });

/** What the event was afterwards. */
const after = { version: z.int().optional(), state: state.optional(), usage: usage.optional(), cost_usd: cost.optional(), status: status.optional() };
const recorded = z.strictObject({ kind: z.literal('recorded'), requested_by: text, recorded_at: time, ...after, position }).meta({ id: 'RecordedEntry' });
const correction = z
  .strictObject({
    kind: z.enum(['adjust', 'refund', 'void', 'discard', 'release', 'credit']),
    correction_id: z.string(),
    customer_id: z.string(),
    requested_by: z.string().meta({ description: 'The id of a key.' }),
    requested_at: time,
    reason: z.string(),
    target: z.unknown().optional().meta({ description: 'What the event should be.' }),
    replaced_by: usageId.optional(),
    outcome: z.enum(['applied', 'parked', 'refused', 'quarantined']),
    because: z.strictObject({ code: z.string(), detail: z.string() }).optional(),
    ...after,
    cost_change_usd: cost.optional(),
    recorded_at: time,
    position,
    took_effect_at: position.optional().meta({ description: 'Where it was applied, when that was later.' }),
  })
  .meta({ id: 'CorrectionEntry' });

export const getEventDoc: RouteDoc = {
  id: 'getEvent',
  summary: 'Get an event',
  description: 'Waits until everything that was acknowledged before is visible, so 404 is only said of what was never accepted or is not kept any more.',
  tag,
  params: { usage_id: usageId },
  query: eventParameters,
  answers: { 200: z.union([oneEvent, heldEvent]).meta({ examples: [{ ...example, freshness: { as_of: '2026-01-15T10:30:01.000Z', lag_events: 0 } }] }) },
  problems,
};

export const getEventHistoryDoc: RouteDoc = {
  id: 'getEventHistory',
  summary: "Get an event's history",
  description: 'From its recording to its last correction, oldest first.',
  tag,
  params: { usage_id: usageId },
  query: eventParameters,
  answers: { 200: z.strictObject({ usage_id: usageId, data: z.array(z.union([recorded, correction])), replaces: z.array(usageId).optional().meta({ description: 'Events that were voided in favour of this one.' }), freshness }) },
  problems,
};

export const listEventsDoc: RouteDoc = {
  id: 'listEvents',
  summary: 'List events',
  description: 'Newest first by when they occurred unless `sort` says else; each once, as it is now. Filters act on that; where a filter is given several times, any of its values will do. `tag.KEY=VALUE` narrows by tags.',
  tag,
  query: eventsParameters,
  headers: acceptHeader,
  answers: { 200: listAnswer(z.strictObject({ data: z.array(event), next_cursor: z.string().nullable(), freshness }), 'A page of events.') },
  problems: { ...INVALID, 404: NO_CUSTOMER, ...NOT_ACCEPTABLE, ...LIST_NOT_READABLE },
};
