import { recordErrorSchema, usageEntrySchema, usageLogSchema, usageRecordSchema } from '@ledgerline/domain-dialects';
import { fromJsonSchema, type RouteDoc } from '@ledgerline/service-kit';
import { z } from 'zod';
import { encodingHeader, idempotencyKeyHeader, problems, UNREADABLE, usageId } from './answers.openapi.js';
import { changedEntryRequest, newEntryRequest, newLogRequest, newRecordRequest } from './dialect-requests.js';

const tag = 'Other APIs';
const headers = { ...idempotencyKeyHeader, ...encodingHeader };
const entry = fromJsonSchema('UsageEntry', usageEntrySchema);

export const recordErrorDoc = fromJsonSchema('RecordError', recordErrorSchema);

/** What taking one usage may come to, in every dialect. */
const TAKEN = problems(UNREADABLE, {
  400: { bad_header: 'The Idempotency-Key cannot be an id.' },
  413: { too_many_events: 'More events than fit a second of the key.' },
  422: { validation_failed: 'Every bad field is named.', idempotency_key_reused: 'The Idempotency-Key was used before for another request.' },
  503: {
    log_unavailable: 'Nothing was taken.',
    event_unknown: 'It is not known whether it is stored: send it again with the same Idempotency-Key.',
    keys_unavailable: 'It cannot be looked up whether the Idempotency-Key was used before; nothing was taken.',
  },
});
const CORRECTED = problems(UNREADABLE, {
  404: { not_found: 'There is no such entry.', unknown_event: 'That is no usage_id.' },
  409: { already_void: 'It was deleted before.', not_counted: 'It was held back and counts nothing.' },
  410: { past_retention: 'It is no longer stored.' },
  503: { record_unavailable: 'What is recorded cannot be read at the moment.', not_stored: 'The change is not stored; send it again.' },
});

export const recordEntryDoc: RouteDoc = {
  id: 'recordUsageEntry',
  summary: "Usage entries: record a use of the platform's own APIs",
  description: "Counted for the user that the key acts for. The cost that is sent counts where the price book has none. `api_key_used` is kept masked, with a keyed hash.",
  tag,
  headers,
  body: newEntryRequest,
  answers: { 201: entry },
  problems: TAKEN,
};

export const changeEntryDoc: RouteDoc = {
  id: 'changeUsageEntry',
  summary: 'Usage entries: change',
  description: 'What the entry should be; a correction, so sums follow and the history keeps what it was.',
  tag,
  params: { usage_id: usageId },
  headers: idempotencyKeyHeader,
  body: changedEntryRequest,
  answers: { 200: entry },
  problems: problems(CORRECTED, { 400: { bad_header: 'The Idempotency-Key cannot be an id.' }, 422: { validation_failed: 'Every bad field is named.' } }),
};

export const deleteEntryDoc: RouteDoc = {
  id: 'deleteUsageEntry',
  summary: 'Usage entries: delete',
  description: 'It leaves lists and sums; by its id it says `status_active: false`, and its history keeps all. To delete it again is no error.',
  tag,
  params: { usage_id: usageId },
  answers: { 200: entry },
  problems: CORRECTED,
};

export const recordUsageRecordDoc: RouteDoc = {
  id: 'recordUsageRecord',
  summary: 'Usage records: record a model call',
  description: 'For an account, or with `context: system` for the platform itself. The provider is the only one that the price book has this very model of; where there is none, or more than one, the cost is unknown.',
  tag,
  headers,
  body: newRecordRequest,
  answers: { 201: z.strictObject({ success: z.literal(true), usageRecord: fromJsonSchema('UsageRecord', usageRecordSchema) }) },
  problems: TAKEN,
};

export const recordUsageLogDoc: RouteDoc = {
  id: 'recordUsageLog',
  summary: 'Usage logs: record a call of an AI service',
  description: "Failed calls, too. The user's customer is that of the key; with the operator's key the one that is named, else the one that the user is a member of.",
  tag,
  headers,
  body: newLogRequest,
  answers: { 201: fromJsonSchema('UsageLog', usageLogSchema) },
  problems: problems(TAKEN, { 404: { customer_not_found: "A customer's key names another customer." } }),
};
