import { type RouteDoc } from '@ledgerline/service-kit';
import { z } from 'zod';
import { ALERT_KINDS } from '../application/ports.js';
import { alertsQuery } from './alerts-query.js';
import { statementRequest } from './statement-request.js';

const tag = 'Alerts';
const time = z.iso.datetime();
const uuid = z.uuid();
const by = z.string().nullable().meta({ description: "Id of a key, or subject of a token; null for a customer's key." });
const note = z.string().nullable().meta({ description: "null for a customer's key." });
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
    acknowledged_at: time.nullable().meta({ description: 'When somebody marked it as seen; null again when it is reopened.' }),
    acknowledged_by: by,
    acknowledged_note: note,
    resolved_at: time.nullable(),
    resolved_by: by.meta({ description: "Id of a key, or subject of a token; null where the value fell back by itself, and for a customer's key." }),
    resolved_note: note,
  })
  .meta({
    id: 'Alert',
    description: 'One crossing, once. What is no matter of its kind is null.',
    examples: [
      {
        id: '7a1f3c52-0b1e-5c7d-9c44-6d1c0d3c9e20', kind: 'quota_threshold', quota_id: '0b5c7e1e-3f1c-4f0e-9d61-0a4ad7a4f7aa', customer_id: 'acme', metric: 'tokens', provider: null, model: null, limit: '1000000', limit_version: 1,
        threshold_percent: 80, value: '812345', period_start: '2026-01-01', hour_start: null, status: 'active', crossing_number: 1, reopened_count: 0, raised_at: '2026-01-15T10:30:00.000Z',
        acknowledged_at: '2026-01-15T11:02:00.000Z', acknowledged_by: '0b5c7e1e-3f1c-4f0e-9d61-0a4ad7a4f7aa', acknowledged_note: null, resolved_at: null, resolved_by: null, resolved_note: null,
      },
    ],
  });

const transition = z
  .strictObject({ change: z.enum(['raised', 'acknowledged', 'resolved', 'reopened']), at: time, value: amount, limit: amount, crossing_number: z.int(), by, note })
  .meta({ id: 'AlertTransition', description: 'What was decided of usage has nobody in `by`. What somebody said has the value and limit of the crossing that it is about.' });

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

const said = (id: string, summary: string, description: string): RouteDoc => ({
  id,
  summary,
  description,
  tag,
  params: { id: uuid },
  body: statementRequest,
  bodyOptional: true,
  answers: { 200: alert },
  problems: { 422: { validation_failed: '`errors` names every bad field.' }, ...NO_ALERT },
});

export const acknowledgeAlertDoc = said('acknowledgeAlert', 'Mark an alert as seen', 'To do it again changes nothing: who was first is kept. A reopened alert is not seen yet.');

export const resolveAlertDoc = said('resolveAlert', 'Mark an alert as dealt with', 'Ends the warning. One that is resolved already stays as it is. When the threshold is crossed anew, the alert is active again.');
