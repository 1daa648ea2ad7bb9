import { QUANTITIES } from '@ledgerline/kernel';
import { type RouteDoc } from '@ledgerline/service-kit';
import { z } from 'zod';
import { acceptHeader, cost, freshness, INVALID, LIST_NOT_READABLE, listAnswer, NO_CUSTOMER, NOT_ACCEPTABLE, quantities } from './answers.openapi.js';
import { summariesParameters } from './queries.js';

const group = z.string().optional();
const count = z.union([z.int(), z.string().regex(/^-?\d+$/)]);

const row = z
  .strictObject({
    customer_id: group,
    project_id: group,
    provider: group,
    model: group,
    operation: group,
    hour: group,
    day: group,
    month: group,
    event_count: count,
    ...quantities,
    cost_usd: cost,
    unpriced_events: count.meta({ description: 'Events whose cost is unknown, and no part of `cost_usd`.' }),
    previous: z.strictObject({ event_count: count, cost_usd: cost, unpriced_events: count }).optional().meta({ description: 'With `compare=previous`: the sums of the period before.' }),
    change: z.strictObject({ event_count: count, cost_usd: cost }).optional().meta({ description: 'By how much they differ; null where a cost is unknown.' }),
  })
  .meta({ id: 'SummaryRow', description: 'Sums of a group; it has the fields that it is grouped by.' });

const nothing = Object.fromEntries(QUANTITIES.map(({ name, decimal }) => [name, decimal ? '0' : 0]));
const example = {
  data: [{ provider: 'openai', model: 'gpt-4', event_count: 1, ...nothing, input_tokens: 1500, output_tokens: 500, cost_usd: '0.075', unpriced_events: 0 }],
  truncated: false,
  freshness: { as_of: '2026-01-15T10:30:01.000Z', lag_events: 0 },
};

export const getSummariesDoc: RouteDoc = {
  id: 'getSummaries',
  summary: 'Sum up usage and cost',
  description: 'Without dates: of all time. Without `group_by`: one row. Corrections and credits are in it, so a cost can be negative.',
  tag: 'Summaries',
  query: summariesParameters,
  headers: acceptHeader,
  answers: {
    200: listAnswer(z
      .strictObject({ data: z.array(row), truncated: z.boolean().meta({ description: 'There are more rows than `limit`.' }), freshness })
      .meta({ description: 'A row for each group.', examples: [example] }), 'Sums, a row for each group.'),
  },
  problems: { ...INVALID, 404: NO_CUSTOMER, ...NOT_ACCEPTABLE, 422: { hours_not_kept: 'Hours are asked of a time that is kept as whole days; the detail names the day.' }, ...LIST_NOT_READABLE },
};
