import { z } from 'zod';
import { type AdminLogPlace } from '../application/admin-log.js';

const PLACE = /^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z) ([0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12})$/;
const LONGEST = 256;

/** JavaScript has a year 0, Postgres does not. */
const inRange = (time: string): boolean => !time.startsWith('0000');

/** An opaque text for `?cursor=`. */
export const toCursor = ({ at, id }: AdminLogPlace): string => Buffer.from(`${at} ${id}`).toString('base64url');

/** Undefined for a text that is no cursor. */
export function fromCursor(text: string): AdminLogPlace | undefined {
  const match = PLACE.exec(Buffer.from(text, 'base64url').toString('latin1'));
  return match && inRange(match[1]!) && !Number.isNaN(Date.parse(match[1]!)) ? { at: match[1]!, id: match[2]! } : undefined;
}

const name = z
  .string('expected text')
  .min(1, 'must not be empty')
  .max(LONGEST, `must be at most ${LONGEST} characters long`)
  .refine((text) => !text.includes('\0'), 'must not contain U+0000');
const time = z.iso.datetime({ offset: true, error: 'expected an RFC 3339 time with its offset' }).refine(inRange, 'expected a year from 0001');

/** Query of GET /v1/admin-log. */
export const adminLogQuery = z.strictObject({
  actor: name.optional(),
  action: z.string().regex(/^[a-z_]+\.[a-z_]+$/, 'expected an action such as key.created').optional(),
  customer_id: name.optional(),
  object: name.optional(),
  from: time.optional(),
  to: time.optional(),
  cursor: z
    .string()
    .transform((text, context) => {
      const place = fromCursor(text);
      if (place !== undefined) return place;
      context.addIssue({ code: 'custom', message: 'expected the next_cursor of an earlier answer' });
      return z.NEVER;
    })
    .optional(),
  limit: z.coerce.number('expected a number from 1 to 1000').int('expected a whole number').min(1, 'expected 1 or more').max(1000, 'expected at most 1000').default(100),
});
