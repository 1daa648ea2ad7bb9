import { usageIdBytes } from '@ledgerline/contracts';
import { ProblemError } from '@ledgerline/service-kit';
import { z } from 'zod';
import { type Unpaged } from '../application/bound-sql.js';
import { type EventQuestion } from '../application/find-event.js';
import { beginsPeriod, periodOf } from '../application/summary-comparison.js';
import { SUMMARY_SORTS, type SummaryOrder } from '../application/summary-order.js';
import { type Grouping, GROUPINGS, type SummaryQuery } from '../application/summary-query.js';
import { readTime, TIME_PATTERN } from './read-time.js';

export const name = z.string('given more than once').min(1, 'is empty').max(512, 'is longer than 512 characters').optional();
export const time = z
  .string('given more than once')
  .transform((text, context) => readTime(text) ?? reject(context, 'expected a day such as 2026-11-22 or a time such as 2026-11-22T10:00:00Z'))
  .optional()
  .meta({ pattern: TIME_PATTERN, description: 'A day (midnight UTC) or a time with its offset.', examples: ['2026-11-22', '2026-11-22T10:00:00Z'] });
const count = (most: number) => z.coerce.number('expected a whole number').int('expected a whole number').min(1, 'expected at least 1').max(most, `expected at most ${most}`);
export const limit = (most: number) => count(most).optional().meta({ description: 'How many at most.' });
export const pageLimit = (most: number, fallback: number) => count(most).default(fallback).meta({ description: 'How many at most.' });
export const consistency = z.enum(['eventual', 'strong'], 'expected eventual or strong').default('eventual').meta({ description: '`strong`: wait for everything that was acknowledged before.' });

const GROUPING_PATTERN = `^(${GROUPINGS.join('|')})?(,(${GROUPINGS.join('|')}))*$`;

/** Of one event. */
export const eventParameters = z.strictObject({
  customer_id: name.meta({ description: "Among this customer's events only." }),
  recorded_at: time.meta({ description: 'When it was recorded: tells one that is no longer stored from one that never was.' }),
  occurred_at: time.meta({ description: 'The same, by when it occurred.' }),
});

/** Of GET /v1/summaries. */
export const summariesParameters = z.strictObject({
  customer_id: name,
  project_id: name,
  provider: name,
  model: name,
  operation: name,
  from: time,
  to: time,
  group_by: z.string('given more than once').transform((text, context) => readGroupings(text, context)).default([]).meta({ default: '', pattern: GROUPING_PATTERN, description: `Any of ${GROUPINGS.join(', ')}, with commas between them.`, examples: ['provider,model'] }),
  sort: z
    .enum(SUMMARY_SORTS.flatMap((measure) => [measure, `-${measure}`]), `expected ${SUMMARY_SORTS.join(', ')}, with - before it for the greatest first`)
    .transform((text): SummaryOrder => ({ measure: text.replace('-', ''), descending: text.startsWith('-') }))
    .optional()
    .meta({ description: 'By a sum, `-` before it for the greatest first; what is unknown stands last. By the groups unless told.' }),
  compare: z.literal('previous', 'expected previous').optional().meta({ description: 'Each hour, day or month beside the one before.' }),
  limit: limit(100_000),
  consistency,
});

/** Everything acknowledged before the request must be in the answer. */
interface Strength {
  strong: boolean;
}

/** @throws ProblemError 400 naming every bad parameter */
export function readSummaryQuery(query: unknown): Unpaged<SummaryQuery> & Strength {
  const read = check(summariesParameters, query);
  orderly(read.from, read.to);
  if (read.compare !== undefined) comparable(read.group_by, read.from);
  return {
    customerId: read.customer_id,
    projectId: read.project_id,
    provider: read.provider,
    model: read.model,
    operation: read.operation,
    fromUs: read.from,
    toUs: read.to,
    groupBy: read.group_by,
    order: read.sort,
    comparePrevious: read.compare !== undefined,
    limit: read.limit,
    strong: read.consistency === 'strong',
  };
}

/**
 * Which event is asked for. Its customer narrows what is seen; the time at which it was recorded, else that at which it occurred, tells
 * one that is no longer stored from one that never was.
 *
 * @throws ProblemError 400
 */
export function readEventQuestion(usageId: string, query: unknown): EventQuestion {
  if (usageIdBytes(usageId) === null) throw invalid([{ field: 'usage_id', reason: 'expected a UUID' }]);
  const { customer_id, recorded_at, occurred_at } = check(eventParameters, query);
  return { usageId: usageId.toLowerCase(), scope: { customerId: customer_id }, saidUs: recorded_at ?? occurred_at };
}

/** @throws ProblemError 400 naming every bad parameter */
export function check<S extends z.ZodType>(schema: S, query: unknown): z.infer<S> {
  const parsed = schema.safeParse(query);
  if (parsed.success) return parsed.data;
  throw invalid(
    parsed.error.issues.flatMap((issue) =>
      issue.code === 'unrecognized_keys' ? issue.keys.map((key) => ({ field: key, reason: 'unknown parameter' })) : [{ field: String(issue.path[0]), reason: issue.message }],
    ),
  );
}

/** @param to what the end is called @throws ProblemError 400 */
export function orderly(fromUs: number | undefined, toUs: number | undefined, to = 'to'): void {
  if (fromUs !== undefined && toUs !== undefined && fromUs >= toUs) throw invalid([{ field: to, reason: 'expected a time after the beginning' }]);
}

/** Periods are compared whole: one that the beginning cuts off would be compared with more than itself. */
function comparable(groupBy: readonly Grouping[], fromUs: number | undefined): void {
  const period = periodOf(groupBy);
  if (period === undefined) throw invalid([{ field: 'group_by', reason: 'expected one of hour, day and month, to compare with the one before' }]);
  if (fromUs !== undefined && !beginsPeriod(period, fromUs)) throw invalid([{ field: 'from', reason: `expected the beginning of a ${period}, in UTC, to compare with the one before` }]);
}

function readGroupings(text: string, context: z.RefinementCtx): Grouping[] {
  const wanted = [...new Set(text.split(',').map((one) => one.trim()).filter((one) => one !== ''))];
  const unknown = wanted.filter((one) => !GROUPINGS.includes(one as Grouping));
  if (unknown.length > 0) return reject(context, `expected any of ${GROUPINGS.join(', ')}, separated by commas`);
  return wanted as Grouping[];
}

export function reject(context: z.RefinementCtx, message: string): never {
  context.addIssue({ code: 'custom', message });
  return z.NEVER;
}

export function invalid(errors: { field: string; reason: string }[]): ProblemError {
  return new ProblemError(400, 'invalid_parameter', `The request has ${errors.length} bad parameter${errors.length === 1 ? '' : 's'}.`, errors);
}
