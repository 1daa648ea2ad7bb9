import { type RouteDoc } from '@ledgerline/service-kit';
import { z } from 'zod';
import { encodingHeader, idempotencyKeyHeader, problems, UNREADABLE, usageEvent, usageId } from './answers.openapi.js';
import { MAX_EVENTS } from './read-body.js';

const index = z.int().min(0).meta({ description: 'Its place in the request, from 0.' });

const accepted = z.strictObject({ index, usage_id: usageId, status: z.literal('accepted') });
const rejected = z.strictObject({ index, status: z.literal('rejected'), field: z.string().meta({ description: 'Where it is wrong; empty: as a whole.' }), reason: z.string() });
const unknown = z.strictObject({ index, usage_id: usageId, status: z.literal('unknown'), id: z.string().meta({ description: 'To send it again with.' }), reason: z.string() });

const results = z
  .strictObject({ results: z.array(z.union([accepted, rejected, unknown])) })
  .meta({ id: 'EventResults', description: 'A result for each event, in order.', examples: [{ results: [{ index: 0, usage_id: '6f0c2a44-9d0e-4b52-8a63-1f2f0d5f3c11', status: 'accepted' }, { index: 1, status: 'rejected', field: 'usage.input_tokens', reason: 'must not be negative' }] }] });

const answer = (description: string) => ({ description, content: { 'application/json': results } });
const lines = z.string().meta({ description: 'An event (`UsageEvent`) a line.' });

export const recordEventsDoc: RouteDoc = {
  id: 'recordEvents',
  summary: 'Record events',
  description: `One event, an array of up to ${MAX_EVENTS.toLocaleString('en')}, or a line each. Each is taken or refused by itself. \`accepted\` means: on the broker's disk.`,
  tag: 'Events',
  query: z.object({ backfill: z.enum(['true', 'false']).optional().meta({ description: 'Old events are meant. Needs an admin key of the operator.' }) }),
  headers: {
    ...idempotencyKeyHeader,
    ...encodingHeader,
    Prefer: z.string().regex(/^[ -~]*$/).meta({ description: '`return=minimal` leaves the accepted out of the results.' }),
  },
  body: {
    'application/json': z.union([usageEvent, z.array(usageEvent).min(1).max(MAX_EVENTS)]).meta({ examples: [{ id: 'req-1', customer_id: 'acme', provider: 'openai', model: 'gpt-4', usage: { input_tokens: 1500, output_tokens: 500 } }] }),
    'application/x-ndjson': lines,
    'application/ndjson': lines,
  },
  answers: {
    202: answer('All are accepted.'),
    207: answer('Some are accepted.'),
    422: answer('None is accepted.'),
    503: answer('Some are not known to be stored: send those with the status `unknown` again, with their `id`.'),
  },
  problems: problems(UNREADABLE, {
    400: { empty_batch: 'The body holds no event.', bad_header: 'The Idempotency-Key cannot be an id.', bad_parameter: '`backfill` is neither true nor false.' },
    413: { too_many_events: 'More events than fit a request, or a second of the key.' },
    503: { log_unavailable: 'The event log cannot be reached; nothing was taken.' },
  }),
};
