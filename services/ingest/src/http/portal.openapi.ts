import { portalErrorSchema, portalRecordSchema, portalUsageSchema } from '@ledgerline/domain-dialects';
import { fromJsonSchema, type RouteDoc } from '@ledgerline/service-kit';
import { encodingHeader, idempotencyKeyHeader, problems, UNREADABLE } from './answers.openapi.js';

export const portalErrorDoc = fromJsonSchema('PortalError', portalErrorSchema);

export const recordPortalUsageDoc: RouteDoc = {
  id: 'recordPortalUsage',
  summary: 'Client portal: record a usage',
  description: "As the client portal's integration guide has it. The cost is an estimate by the function that prices it later.",
  tag: 'Other APIs',
  headers: { ...idempotencyKeyHeader, ...encodingHeader },
  body: fromJsonSchema('PortalUsage', portalUsageSchema),
  answers: { 201: fromJsonSchema('PortalRecord', portalRecordSchema) },
  problems: problems(UNREADABLE, {
    400: { bad_header: 'The Idempotency-Key cannot be an id.' },
    404: { project_not_found: 'There is no such project, or it is none of yours.' },
    413: { too_many_events: 'More events than fit a second of the key.' },
    422: { validation_failed: '`details` names every bad field.' },
    503: { log_unavailable: 'Nothing was taken.', event_unknown: 'It is not known whether it is stored: send it again with the same Idempotency-Key.' },
  }),
};
