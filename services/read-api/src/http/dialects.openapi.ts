import { recordErrorSchema, recordsSummarySchema, usageEntrySchema, usageLogSchema, usageRecordSchema, userCreditsSchema } from '@ledgerline/domain-dialects';
import { fromJsonSchema, type RouteDoc } from '@ledgerline/service-kit';
import { z } from 'zod';
import { INVALID, NO_CUSTOMER, NOT_READABLE, usageId } from './answers.openapi.js';
import { entriesQuery, logsQuery, recordsQuery } from './dialect-queries.js';

const tag = 'Other APIs';
const entry = fromJsonSchema('UsageEntry', usageEntrySchema);
const userId = z.string().min(1).max(256).meta({ description: 'As it was sent with the usage.' });
const NO_USER = { 404: { user_not_found: 'There is no such user, or it is none of yours.' } };

export const recordErrorDoc = fromJsonSchema('RecordError', recordErrorSchema);

export const listEntriesDoc: RouteDoc = {
  id: 'listUsageEntries',
  summary: 'Usage entries: list',
  description: "Newest first: the caller's own; of an administrator all of its customer's, of the operator all there are.",
  tag,
  query: entriesQuery,
  answers: { 200: z.array(entry) },
  problems: { ...INVALID, ...NOT_READABLE },
};

export const listUserEntriesDoc: RouteDoc = {
  id: 'listUserUsageEntries',
  summary: "Usage entries: list a user's",
  description: 'A user sees itself, an administrator every user of its customer, the operator everybody.',
  tag,
  params: { user_id: userId },
  query: entriesQuery,
  answers: { 200: z.array(entry) },
  problems: { ...INVALID, ...NO_USER, ...NOT_READABLE },
};

export const getEntryDoc: RouteDoc = {
  id: 'getUsageEntry',
  summary: 'Usage entries: get one',
  tag,
  params: { usage_id: usageId },
  answers: { 200: entry },
  problems: { ...INVALID, 404: { unknown_event: 'There is no such entry.' }, 410: { past_retention: 'It is no longer stored.' }, ...NOT_READABLE },
};

export const readRecordsDoc: RouteDoc = {
  id: 'readUsageRecords',
  summary: 'Usage records: list or sum up',
  description: 'Newest first; with `summary=true` their sums by context and by model. Every filter applies to all sums. A day as `endDate` is meant to its end.',
  tag,
  query: recordsQuery,
  answers: {
    200: z.union([
      z.strictObject({ success: z.literal(true), usageRecords: z.array(fromJsonSchema('UsageRecord', usageRecordSchema)), nextCursor: z.string().optional() }),
      z.strictObject({ success: z.literal(true), summary: fromJsonSchema('RecordsSummary', recordsSummarySchema) }),
    ]),
  },
  problems: { ...INVALID, 404: NO_CUSTOMER, 422: { hours_not_kept: 'Only whole days are kept of that time.', too_many_models: 'More models than a summary can name.' }, ...NOT_READABLE },
};

export const getUserCreditsDoc: RouteDoc = {
  id: 'getUserCredits',
  summary: "Usage logs: a user's credits",
  description: 'Over all usage that is still kept call by call.',
  tag,
  params: { user_id: userId },
  answers: { 200: fromJsonSchema('UserCredits', userCreditsSchema) },
  problems: { ...NO_USER, ...NOT_READABLE },
};

export const listUserUsageDoc: RouteDoc = {
  id: 'listUserUsageLogs',
  summary: "Usage logs: list a user's",
  description: 'Newest first. A day as `end_date` is meant to its end.',
  tag,
  params: { user_id: userId },
  query: logsQuery,
  answers: { 200: z.strictObject({ user_id: z.string(), count: z.int(), usage: z.array(fromJsonSchema('UsageLog', usageLogSchema)), next_cursor: z.string().optional() }) },
  problems: { ...INVALID, ...NO_USER, ...NOT_READABLE },
};
