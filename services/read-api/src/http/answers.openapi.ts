import { QUANTITIES } from '@ledgerline/kernel';
import { z } from 'zod';

/** A time to the microsecond. */
export const time = z.iso.datetime();
export const usageId = z.guid();
export const money = z.string().regex(/^-?\d+(\.\d+)?$/).meta({ description: 'USD, exact decimal text.' });
export const cost = money.nullable().meta({ description: 'USD, exact decimal text; null: unknown.' });

const count = z.union([z.int(), z.string().regex(/^-?\d+$/)]).meta({ description: 'Text beyond 2^53-1.' });
const decimal = z.string().regex(/^-?\d+(\.\d+)?$/);

/** Every quantity with what it is in an answer. */
export const quantities = Object.fromEntries(QUANTITIES.map((kind) => [kind.name, kind.decimal ? decimal : count]));

export const usage = z.strictObject(quantities).partial().meta({ id: 'Usage', description: 'Quantities by name.' });

export const freshness = z
  .strictObject({
    as_of: time.nullable().meta({ description: 'Up to when the answer is complete; null when that cannot be said.' }),
    lag_events: z.int().nullable().meta({ description: 'At least so many acknowledged events are not in it yet.' }),
  })
  .meta({ id: 'Freshness', description: 'How fresh the answer is.', examples: [{ as_of: '2026-01-15T10:30:01.000Z', lag_events: 0 }] });

export const position = z.strictObject({ generation: z.int(), partition: z.int(), sequence: z.int(), index: z.int() }).meta({ id: 'Position', description: 'A place in the log.' });

export const INVALID = { 400: { invalid_parameter: '`errors` names every bad parameter.' } };
export const NO_CUSTOMER = { customer_not_found: "A customer's key asks for another customer." };
export const NOT_READABLE = { 503: { not_visible_yet: 'What was acknowledged just before is not visible yet.', store_unavailable: 'The store cannot be read at the moment.' } };
