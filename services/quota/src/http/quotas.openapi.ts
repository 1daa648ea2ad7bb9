import { repeatable } from '@ledgerline/administration';
import { type RouteDoc } from '@ledgerline/service-kit';
import { METRICS } from '@ledgerline/domain-quota';
import { z } from 'zod';
import { changedQuotaRequest, newQuotaRequest, quotaQuery, quotasQuery } from './quota-requests.js';

const tag = 'Quotas';
const id = z.uuid();
const time = z.iso.datetime();
const amount = z.string().meta({ description: 'Exact decimal text.' });
const INVALID = { 422: { validation_failed: '`errors` names every bad field.' } };
const NO_QUOTA = { 404: { quota_not_found: 'There is no such quota, or it is none of yours.' } };
const BUSY = { 503: { busy: 'Usage is being counted; ask again.' } };

const quota = z
  .strictObject({
    id,
    customer_id: z.string(),
    metric: z.enum(METRICS as readonly [string, ...string[]]),
    provider: z.string().nullable(),
    model: z.string().nullable(),
    limit: amount,
    period: z.literal('month'),
    thresholds: z.array(z.int()),
    version: z.int().meta({ description: 'Grows with each change of the limit.' }),
    value: amount,
    used_percent: z.number().meta({ description: 'Cut to two places, never rounded up.' }),
    period_start: z.iso.date(),
    created_at: time,
    updated_at: time,
  })
  .meta({
    id: 'Quota',
    description: 'A limit, and what is used of it in a month.',
    examples: [
      {
        id: '0b5c7e1e-3f1c-4f0e-9d61-0a4ad7a4f7aa', customer_id: 'acme', metric: 'tokens', provider: null, model: null, limit: '1000000', period: 'month', thresholds: [80, 100],
        version: 1, value: '812345', used_percent: 81.23, period_start: '2026-01-01', created_at: '2026-01-15T10:30:00.000Z', updated_at: '2026-01-15T10:30:00.000Z',
      },
    ],
  });

export const createQuotaDoc = repeatable({
  id: 'createQuota',
  summary: 'Set a quota',
  description: "A limit for a calendar month (UTC). One that is set in mid-month starts from the month's true sum; usage of the past that arrives late can cross it, too.",
  tag,
  body: newQuotaRequest,
  answers: { 201: quota },
  problems: { ...INVALID, ...BUSY, 409: { quota_exists: 'One of the same customer, metric, provider and model is there; change that with `PUT`.' } },
});

export const listQuotasDoc: RouteDoc = {
  id: 'listQuotas',
  summary: 'List quotas',
  tag,
  query: quotasQuery,
  answers: { 200: z.strictObject({ data: z.array(quota), next_cursor: id.nullable() }) },
  problems: { ...INVALID, 404: { customer_not_found: "A customer's key asks for another customer." } },
};

export const getQuotaDoc: RouteDoc = { id: 'getQuota', summary: 'Get a quota', tag, params: { id }, query: quotaQuery, answers: { 200: quota }, problems: { ...INVALID, ...NO_QUOTA } };

export const changeQuotaDoc: RouteDoc = {
  id: 'changeQuota',
  summary: 'Change a quota',
  description: 'Thresholds that are not given stay as they are.',
  tag,
  params: { id },
  body: changedQuotaRequest,
  answers: { 200: quota },
  problems: { ...INVALID, ...NO_QUOTA, ...BUSY },
};

export const deleteQuotaDoc: RouteDoc = { id: 'deleteQuota', summary: 'Delete a quota', description: 'Its alerts stay.', tag, params: { id }, answers: { 204: null }, problems: { ...NO_QUOTA, ...BUSY } };
