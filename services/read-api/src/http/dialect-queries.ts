import { z } from 'zod';
import { NEWEST_FIRST } from '../application/event-order.js';
import { type EventFilter } from '../application/event-filter.js';
import { type EventPage } from '../application/ports.js';
import { filtersOf, readCursor, writeCursor } from './cursor.js';
import { name, pageLimit, reject, time } from './queries.js';
import { readTime, TIME_PATTERN } from './read-time.js';

const DAY = /^\d{4}-\d\d-\d\d$/;
const DAY_US = 24 * 60 * 60 * 1_000_000;

/** The end of a range: a day is meant to its end, a time is the bound itself. */
const end = z
  .string('given more than once')
  .transform((text, context) => {
    const timeUs = readTime(text);
    if (timeUs === null) return reject(context, 'expected a day such as 2026-11-22 or a time such as 2026-11-22T10:00:00Z');
    return DAY.test(text) ? timeUs + DAY_US : timeUs;
  })
  .optional()
  .meta({ pattern: TIME_PATTERN, examples: ['2026-11-22', '2026-11-22T10:00:00Z'] });

const cursor = z
  .string('given more than once')
  .max(300, 'is no cursor')
  .transform((text, context) => readCursor(text) ?? reject(context, 'is no cursor of an earlier answer'))
  .optional();

const MOST = 10_000;

/** Query of GET /usage and GET /usage/user/{user_id}. */
export const entriesQuery = z.strictObject({
  skip: z.coerce.number('expected a whole number').int('expected a whole number').min(0, 'must not be negative').max(1_000_000, 'must be at most 1000000').default(0),
  limit: pageLimit(MOST, 100),
});

/** Query of GET /v1/usage. */
export const recordsQuery = z.strictObject({
  accountId: name,
  modelId: name,
  context: z.enum(['customer', 'system'], 'expected customer or system').optional(),
  startDate: time,
  endDate: end,
  summary: z.enum(['true', 'false'], 'expected true or false').default('false'),
  limit: pageLimit(MOST, 1_000),
  cursor,
});

/** Query of GET /v1/users/{user_id}/usage. */
export const logsQuery = z.strictObject({
  start_date: time,
  end_date: end,
  model_name: name,
  limit: pageLimit(MOST, 1_000),
  cursor,
});

/** The cursor of the page after this one, as a field of an answer; nothing on the last. @param name of the field */
export function cursorField(name: string, { next }: EventPage, filter: EventFilter): object {
  return next === null ? {} : { [name]: writeCursor({ order: NEWEST_FIRST, filters: filtersOf(filter), place: next }) };
}
