import { QUANTITIES } from '@ledgerline/kernel';
import { type AnswerDoc } from '@ledgerline/service-kit';
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

const file = z.string().meta({ format: 'binary' });

/** A list, as JSON page by page, or whole as a file by the request's `Accept`. @param page the JSON */
export const listAnswer = (page: z.ZodType, description: string): AnswerDoc => ({
  description: `${description} As \`text/csv\`, \`application/x-ndjson\` or \`application/vnd.apache.parquet\` it is the whole list, streamed; a file that came to its end is whole.`,
  content: { 'application/json': page, 'text/csv': file, 'application/x-ndjson': file, 'application/vnd.apache.parquet': file },
  headers: { Link: z.string().optional().meta({ description: 'RFC 8288: `next` and `first`, of JSON pages that a cursor goes on from.' }), 'Content-Disposition': z.string().optional().meta({ description: 'Of a file: its name.' }) },
});
export const acceptHeader = { Accept: z.enum(['application/json', 'text/csv', 'application/x-ndjson', 'application/vnd.apache.parquet']).meta({ description: 'How the list is written; JSON unless told.' }) };
export const NOT_ACCEPTABLE = { 406: { not_acceptable: 'It cannot be had in any of the types that `Accept` names.' } };
export const LIST_NOT_READABLE = { 503: { ...NOT_READABLE[503], busy: 'Too many files are being made at once.' } };
