import { type RouteDoc } from '@ledgerline/service-kit';
import { z } from 'zod';
import { ALERT_KINDS } from '../application/ports.js';
import { alertsQuery } from './alerts-query.js';

const tag = 'Alerts';
const time = z.iso.datetime();
const uuid = z.uuid();
const amount = z.string().meta({ description: 'Exact decimal text.' });
const NO_ALERT = { 404: { alert_not_found: 'There is no such alert, or it is none of yours.' } };
const NO_CUSTOMER = { 404: { customer_not_found: "A customer's key asks for another customer." } };

const alert = z
  .strictObject({
    id: uuid,
    kind: z.enum(ALERT_KINDS).meta({ description: 'A quota threshold was crossed, or within an hour as many events were held back as are worth an alert.' }),
    quota_id: uuid.nullable(),
    customer_id: z.string().nullable(),
    metric: z.string().nullable(),
    provider: z.string().nullable(),
    model: z.string().nullable(),
    limit: amount,
    limit_version: z.int().nullable(),
    threshold_percent: z.int().nullable(),
    value: amount,
    period_start: z.iso.date().nullable().meta({ description: 'The first day of the month.' }),
    hour_start: time.nullable().meta({ description: 'Of an alert about what is held back.' }),
    status: z.enum(['active', 'resolved']),
    crossing_number: z.int(),
    reopened_count: z.int(),
    raised_at: time,
    resolved_at: time.nullable(),
  })
  .meta({
    id: 'Alert',
    description: 'One crossing, once. What is no matter of its kind is null.',
    examples: [
      {
        id: '7a1f3c52-0b1e-5c7d-9c44-6d1c0d3c9e20', kind: 'quota_threshold', quota_id: '0b5c7e1e-3f1c-4f0e-9d61-0a4ad7a4f7aa', customer_id: 'acme', metric: 'tokens', provider: null, model: null, limit: '1000000', limit_version: 1,
        threshold_percent: 80, value: '812345', period_start: '2026-01-01', hour_start: null, status: 'active', crossing_number: 1, reopened_count: 0, raised_at: '2026-01-15T10:30:00.000Z', resolved_at: null,
      },
    ],
  });

const transition = z.strictObject({ change: z.enum(['raised', 'resolved', 'reopened']), at: time, value: amount, limit: amount, crossing_number: z.int() }).meta({ id: 'AlertTransition' });

export const listAlertsDoc: RouteDoc = {
  id: 'listAlerts',
  summary: 'List alerts',
  description: 'Newest first.',
  tag,
  query: alertsQuery,
  answers: { 200: z.strictObject({ data: z.array(alert), next_cursor: z.string().nullable() }) },
  problems: { 422: { validation_failed: '`errors` names every bad parameter.' }, ...NO_CUSTOMER },
};

export const getAlertDoc: RouteDoc = { id: 'getAlert', summary: 'Get an alert', tag, params: { id: uuid }, answers: { 200: alert }, problems: NO_ALERT };

export const getAlertHistoryDoc: RouteDoc = {
  id: 'getAlertHistory',
  summary: "Get an alert's history",
  description: 'Every change, oldest first, kept for ever.',
  tag,
  params: { id: uuid },
  answers: { 200: z.strictObject({ data: z.array(transition) }) },
  problems: NO_ALERT,
};
