import { type RouteDoc } from '@ledgerline/service-kit';
import { z } from 'zod';
import { HELD_OUTCOMES, HELD_STATES } from '../application/quarantine-query.js';
import { acceptHeader, freshness, INVALID, LIST_NOT_READABLE, listAnswer, NOT_ACCEPTABLE, NOT_READABLE, time, usageId } from './answers.openapi.js';
import { quarantineParameters } from './quarantine-queries.js';

const tag = 'Quarantine';
const id = z.string().regex(/^g\d+-p\d+-\d+-\d+$/).meta({ description: 'Its place in the log.', examples: ['g1-p3-1042-0'] });
const outcome = z.enum(HELD_OUTCOMES);

const fields = {
  id,
  state: z.enum(HELD_STATES),
  outcome,
  reason: z.strictObject({ code: z.string(), detail: z.string() }),
  item: z.string().meta({ description: 'What it is: an event, a correction or a whole message.' }),
  usage_id: usageId.nullable(),
  customer_id: z.string().nullable(),
  encoding: z.string().meta({ description: 'Of `body`: `json`, or as what else it came.' }),
  body: z.unknown().meta({ description: 'As it came.' }),
  recorded_at: time,
  resolution: z
    .strictObject({ action: z.enum(['release', 'discard']), by: z.string(), at: time, reason: z.string(), replayed_as: usageId.nullable() })
    .nullable(),
};
const item = z.strictObject(fields).meta({ id: 'HeldItem', description: 'What was held back, and what became of it.' });
const count = z.strictObject({ outcome, code: z.string(), items: z.int(), oldest: time, newest: time }).meta({ id: 'HeldItemCount' });

export const getHeldItemDoc: RouteDoc = {
  id: 'getHeldItem',
  summary: 'Get what was held back',
  tag,
  params: { id },
  answers: { 200: z.strictObject({ ...fields, freshness }) },
  problems: { ...INVALID, 404: { unknown_item: 'Nothing was held back there.' }, ...NOT_READABLE },
};

export const listHeldItemsDoc: RouteDoc = {
  id: 'listHeldItems',
  summary: 'List what was held back',
  description: 'Newest first. With `summary=true`: counted by outcome and code, most first.',
  tag,
  query: quarantineParameters,
  headers: acceptHeader,
  answers: { 200: listAnswer(z.union([z.strictObject({ data: z.array(item), next_cursor: z.string().nullable(), freshness }), z.strictObject({ data: z.array(count), freshness })]), 'A page of what was held back, or its counts.') },
  problems: { ...INVALID, ...NOT_ACCEPTABLE, ...LIST_NOT_READABLE },
};
