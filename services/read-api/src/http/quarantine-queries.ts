import { heldItemId, type HeldPosition, parseHeldItemId } from '@ledgerline/contracts';
import { z } from 'zod';
import { type Unpaged } from '../application/bound-sql.js';
import { HELD_OUTCOMES, HELD_STATES, type HeldPlace, type QuarantineQuery } from '../application/quarantine-query.js';
import { check, consistency, invalid, limit, name, orderly, reject, time } from './queries.js';

/** Of GET /v1/quarantine. */
export const quarantineParameters = z.strictObject({
  customer_id: name,
  outcome: z.enum(HELD_OUTCOMES, `expected ${HELD_OUTCOMES.join(', ')}`).optional(),
  code: name,
  state: z.enum(HELD_STATES, `expected ${HELD_STATES.join(', ')}`).default('open'),
  from: time,
  to: time,
  summary: z.enum(['true', 'false'], 'expected true or false').default('false').meta({ description: 'Counts by outcome and code.' }),
  cursor: z.string('given more than once').max(200, 'is no cursor').transform((text, context) => readHeldCursor(text) ?? reject(context, 'is no cursor of an earlier answer')).optional().meta({ description: 'The `next_cursor` of the page before.' }),
  limit: limit(1_000),
  consistency,
});

/** @throws ProblemError 400 naming every bad parameter */
export function readQuarantineQuery(query: unknown): Unpaged<QuarantineQuery> & { strong: boolean; summary: boolean } {
  const read = check(quarantineParameters, query);
  orderly(read.from, read.to);
  return {
    customerId: read.customer_id,
    outcome: read.outcome,
    code: read.code,
    state: read.state,
    fromUs: read.from,
    toUs: read.to,
    after: read.cursor,
    limit: read.limit,
    strong: read.consistency === 'strong',
    summary: read.summary === 'true',
  };
}

/** @throws ProblemError 400 */
export function readHeldItemId(text: string): HeldPosition {
  const position = parseHeldItemId(text);
  if (position === null) throw invalid([{ field: 'id', reason: 'expected an id such as g1-p0-42-0' }]);
  return position;
}

/** A place as an opaque text that fits a URL. */
export const writeHeldCursor = ({ recordedAtUs, position }: HeldPlace): string => Buffer.from(`${recordedAtUs}.${heldItemId(position)}`).toString('base64url');

/** The place, or null for a text that no answer of ours contained. */
function readHeldCursor(text: string): HeldPlace | null {
  const [time, id = ''] = Buffer.from(text, 'base64url').toString('latin1').split('.');
  const position = parseHeldItemId(id);
  return position && /^\d{1,16}$/.test(time!) ? { recordedAtUs: Number(time), position } : null;
}
