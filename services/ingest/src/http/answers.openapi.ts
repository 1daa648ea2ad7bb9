import { fromJsonSchema } from '@ledgerline/service-kit';
import { z } from 'zod';
import { usageEventSchema } from './usage-event.schema.js';

export const usageId = z.guid().meta({ description: 'A hash of (customer_id, source, id): the same for the same event.' });
const example = { id: 'req-1', source: 'gateway', customer_id: 'acme', project_id: 'search', provider: 'openai', model: 'gpt-4', usage: { input_tokens: 1500, output_tokens: 500 }, occurred_at: '2026-01-15T10:30:00.123456Z', tags: { team: 'search' } };

/** The schema that checks events. */
export const usageEvent = fromJsonSchema('UsageEvent', { ...usageEventSchema, description: 'One use of an API or a model. null is the same as leaving out.', examples: [example] });

/** The same, where what says who it is is known already. */
export const correctedEvent = fromJsonSchema('CorrectedEvent', {
  ...usageEventSchema,
  required: ['provider', 'model', 'usage'],
  description: 'The event as it should have been. What it leaves out of `id`, `source`, `customer_id` and `occurred_at` stays.',
});

export const idempotencyKeyHeader = {
  'Idempotency-Key': z.string().min(1).max(200).regex(/^[ -~]*$/).meta({ description: 'Stands in for an `id` that is left out.' }),
};
export const encodingHeader = { 'Content-Encoding': z.enum(['gzip', 'zstd', 'identity']).meta({ description: 'How the body is packed; at most 16 MiB, sent and unpacked.' }) };

/** What is wrong with a body as a whole; nothing of it is taken then. */
export const UNREADABLE = {
  400: { empty_body: 'There is no body.', malformed_encoding: 'It is not UTF-8, or not complete in its Content-Encoding.' },
  415: { unsupported_encoding: 'The Content-Encoding is none of gzip, zstd and identity.' },
};

/** Adds up what is said of the same statuses. */
export function problems(...groups: Readonly<Record<number, Readonly<Record<string, string>>>>[]): Record<number, Record<string, string>> {
  const all: Record<number, Record<string, string>> = {};
  for (const group of groups) for (const [status, codes] of Object.entries(group)) all[Number(status)] = { ...all[Number(status)], ...codes };
  return all;
}
