import { portalErrorSchema, portalRecordSchema } from '@ledgerline/domain-dialects';
import { fromJsonSchema, type RouteDoc } from '@ledgerline/service-kit';
import { z } from 'zod';
import { TIME_PATTERN } from './read-time.js';

export const portalErrorDoc = fromJsonSchema('PortalError', portalErrorSchema);

const time = z.string().regex(new RegExp(TIME_PATTERN)).optional();

export const listPortalUsageDoc: RouteDoc = {
  id: 'listPortalUsage',
  summary: 'Client portal: list usage',
  description: "As the client portal's integration guide has it: newest first, 10,000 at most, with everything in it that was answered with 201 before.",
  tag: 'Other APIs',
  query: z.object({ project_id: z.guid().optional(), date_from: time, date_to: time }),
  answers: { 200: z.strictObject({ count: z.int(), usage: z.array(fromJsonSchema('PortalRecord', portalRecordSchema)) }) },
  problems: {
    404: { project_not_found: 'There is no such project, or it is none of yours.' },
    422: { validation_failed: '`details` names every bad parameter.' },
    503: { not_visible_yet: 'What was recorded just before is not visible yet.', store_unavailable: 'The store cannot be read at the moment.' },
  },
};
