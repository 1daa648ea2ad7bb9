import { type RouteDoc } from '@ledgerline/service-kit';
import { z } from 'zod';
import { correctedEvent, encodingHeader, problems, UNREADABLE, usageId } from './answers.openapi.js';
import { discardRequest } from './quarantine-requests.js';

const tag = 'Quarantine';
const id = z.string().regex(/^g\d+-p\d+-\d+-\d+$/).meta({ description: 'Its place in the log.', examples: ['g1-p3-1042-0'] });
const COMMON = problems(UNREADABLE, {
  400: { bad_parameter: 'The id is none.' },
  404: { unknown_item: 'Nothing was held back there.' },
  409: { past_generation: 'It lies in a generation of the log that is closed.' },
  503: {
    log_unavailable: 'The event log cannot be reached; nothing was done.',
    record_unavailable: 'The record cannot be asked; try again.',
    resolution_unknown: 'It is not known whether it is done. The same request again does nothing twice.',
  },
});

export const replayHeldItemDoc: RouteDoc = {
  id: 'replayHeldItem',
  summary: 'Send what was held back again',
  description: 'As it came, or as the body says. Then it is judged like any other event. `release` is the same as `replay`, said of a late event.',
  tag,
  params: { id },
  query: z.object({ backfill: z.enum(['true', 'false']).optional().meta({ description: 'An old event is meant; of a late one it always is.' }) }),
  headers: encodingHeader,
  body: correctedEvent,
  bodyOptional: true,
  answers: { 202: z.strictObject({ id, state: z.literal('released'), usage_id: usageId }) },
  problems: problems(COMMON, {
    409: { already_discarded: 'It was given up.', not_replayable: 'It is no event that could be read; it can only be discarded.' },
    422: { event_rejected: 'It cannot be taken; `errors` names the field to correct.' },
    503: { event_unknown: 'It is not known whether the event is stored; try again.' },
  }),
};

export const discardHeldItemDoc: RouteDoc = {
  id: 'discardHeldItem',
  summary: 'Give up what was held back',
  tag,
  params: { id },
  headers: encodingHeader,
  body: discardRequest,
  answers: { 202: z.strictObject({ id, state: z.literal('discarded') }) },
  problems: problems(COMMON, { 409: { already_released: 'It was sent again.' }, 422: { validation_failed: '`errors` names every bad field.' } }),
};
