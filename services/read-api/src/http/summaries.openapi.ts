import { type RouteDoc } from '@ledgerline/service-kit';
import { z } from 'zod';
import { cost, freshness, INVALID, NO_CUSTOMER, NOT_READABLE, quantities } from './answers.openapi.js';
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
  })
  .meta({ id: 'SummaryRow', description: 'Sums of a group; it has the fields that it is grouped by.' });

export const getSummariesDoc: RouteDoc = {
  id: 'getSummaries',
  summary: 'Sum up usage and cost',
  description: 'Without dates: of all time. Without `group_by`: one row. Corrections and credits are in it, so a cost can be negative.',
  tag: 'Summaries',
  query: summariesParameters,
  answers: { 200: z.strictObject({ data: z.array(row), truncated: z.boolean().meta({ description: 'There are more rows than `limit`.' }), freshness }) },
  problems: { ...INVALID, 404: NO_CUSTOMER, 422: { hours_not_kept: 'Hours are asked of a time that is kept as whole days; the detail names the day.' }, ...NOT_READABLE },
};
