import { type RouteDoc } from '@ledgerline/service-kit';
import { z } from 'zod';
import { encodingHeader, idempotencyKeyHeader, problems, UNREADABLE, usageId } from './answers.openapi.js';
import { correctionRequest, creditRequest } from './correction-requests.js';

const tag = 'Corrections';
const headers = { ...idempotencyKeyHeader, ...encodingHeader };
const taken = z
  .strictObject({ usage_id: usageId, correction_id: z.string(), status: z.literal('accepted') })
  .meta({ id: 'CorrectionAccepted', description: "It is on the broker's disk.", examples: [{ usage_id: '6f0c2a44-9d0e-4b52-8a63-1f2f0d5f3c11', correction_id: 'fix-1', status: 'accepted' }] });
const COMMON = problems(UNREADABLE, {
  400: { bad_header: 'The Idempotency-Key cannot be an id.' },
  422: { validation_failed: '`errors` names every bad field.' },
  503: { not_stored: 'It is not known whether it is stored: send it again with the `id` that the detail names.' },
});

export const correctEventDoc: RouteDoc = {
  id: 'correctEvent',
  summary: 'Correct an event',
  description: "Says what an event should be, not by how much it differs: the same again changes nothing more. What became of it stands in the event's history.",
  tag,
  params: { usage_id: usageId },
  headers,
  body: correctionRequest,
  answers: { 202: taken },
  problems: problems(COMMON, {
    404: { not_found: 'There is no such event.' },
    409: { already_void: 'It was voided before.', not_counted: 'It is held back and counts nothing.' },
    410: { past_retention: 'It is no longer stored: use a credit.' },
    503: { record_unavailable: 'The record cannot be asked; try again.' },
  }),
};

export const createCreditDoc: RouteDoc = {
  id: 'createCredit',
  summary: 'Give money back without an event',
  description: 'Lowers the cost of a month and counts no event and no quantity: for events that are no longer stored.',
  tag,
  headers,
  body: creditRequest,
  answers: { 202: taken },
  problems: COMMON,
};
