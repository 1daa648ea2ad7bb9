import { DecimalError, formatUsd, parseUsd } from '@ledgerline/kernel';
import { z } from 'zod';
import { EVENT_STATES, type EventFilter } from '../application/event-filter.js';
import { type EventOrder, type EventPlace, NEWEST_FIRST, SORT_FIELDS, type SortField } from '../application/event-order.js';
import { type EventCursor, filtersOf, readCursor, writeOrder } from './cursor.js';
import { check, consistency, invalid, limit, name, orderly, reject, time } from './queries.js';

const TAG = 'tag.';
const MOST_VALUES = 100;
const MOST_TAGS = 20;
const LONGEST_TEXT = 512;
const MOST_COST = 10n ** 38n;
const PAGE = 100;
const LARGEST_PAGE = 1_000;
const LARGEST_EXPORT = 100_000_000;

const listOf = (value: unknown): unknown => (value === undefined || Array.isArray(value) ? value : [value]);
const onceEach = <T extends string>(values: readonly T[]): T[] => [...new Set(values)].sort();

/** Given once, or again for each value that will do. */
const names = z.preprocess(listOf, z.array(name.unwrap()).max(MOST_VALUES, `has more than ${MOST_VALUES} values`).transform(onceEach).optional());

/** The same of words that hold no comma, so that they may be separated by commas, too. */
const words = <const T extends readonly [string, ...string[]]>(of: T) => {
  const split = (value: unknown): unknown => (Array.isArray(value) ? value.flatMap(split) : typeof value === 'string' ? value.split(',').map((word) => word.trim()) : value);
  return z.preprocess((value) => split(listOf(value)), z.array(z.enum(of, `expected ${of.join(' or ')}`)).transform(onceEach).optional());
};

const cost = z
  .string('given more than once')
  .transform((text, context) => {
    try {
      const pico = parseUsd(text);
      return pico < MOST_COST && pico > -MOST_COST ? formatUsd(pico) : reject(context, 'is out of range');
    } catch (error) {
      return reject(context, error instanceof DecimalError ? error.reason : 'expected a decimal number such as 0.05');
    }
  })
  .optional()
  .meta({ pattern: '^-?\\d+(\\.\\d{1,12})?$', description: 'US dollars, exact decimal text.' });

const ORDERS = SORT_FIELDS.flatMap((field) => [field, `-${field}`]);
const order = z
  .enum(ORDERS, `expected ${SORT_FIELDS.join(', ')}, with - before it for the greatest first`)
  .transform((text): EventOrder => ({ field: text.replace('-', '') as SortField, descending: text.startsWith('-') }))
  .default(NEWEST_FIRST);

/** Of GET /v1/events; `tag.KEY=VALUE` beside them. */
export const eventsParameters = z.strictObject({
  customer_id: name,
  project_id: names,
  user_id: names,
  provider: names,
  model: names,
  operation: names,
  endpoint: names,
  context: words(['customer', 'system']),
  transaction_id: names,
  service_tier: names,
  status: words(['ok', 'error']),
  error_code: names,
  api_key_id: names,
  state: words(EVENT_STATES),
  cost_from: cost,
  cost_to: cost,
  from: time,
  to: time,
  include_voided: z.enum(['true', 'false'], 'expected true or false').default('false'),
  sort: order,
  cursor: z.string('given more than once').max(300, 'is no cursor').transform((text, context) => readCursor(text) ?? reject(context, 'is no cursor of an earlier answer')).optional(),
  limit: limit(LARGEST_PAGE),
  consistency,
});
const eventExport = eventsParameters.extend({ limit: limit(LARGEST_EXPORT) });

/** What is asked of the list of events. */
export interface EventListRequest {
  filter: EventFilter;
  order: EventOrder;
  after?: EventPlace;
  /** Everything acknowledged before the request must be in the answer. */
  strong: boolean;
}

/** A page of it. @throws ProblemError 400 naming every bad parameter */
export function readEventQuery(query: unknown): EventListRequest & { limit: number } {
  const request = read(eventsParameters, query);
  return { ...request, limit: request.limit ?? PAGE };
}

/** All of it, or the first so many. @throws ProblemError 400 naming every bad parameter */
export function readEventExport(query: unknown): EventListRequest & { limit?: number } {
  return read(eventExport, query);
}

function read(schema: typeof eventsParameters, query: unknown): EventListRequest & { limit?: number } {
  const { tags, others } = readTags(query as Record<string, unknown>);
  const asked = check(schema, others);
  orderly(asked.from, asked.to);
  if (asked.cost_from !== undefined && asked.cost_to !== undefined && parseUsd(asked.cost_from) > parseUsd(asked.cost_to)) throw invalid([{ field: 'cost_to', reason: 'expected at least cost_from' }]);
  const filter: EventFilter = {
    customerId: asked.customer_id,
    projectId: asked.project_id,
    userId: asked.user_id,
    provider: asked.provider,
    model: asked.model,
    operation: asked.operation,
    endpoint: asked.endpoint,
    context: asked.context,
    transactionId: asked.transaction_id,
    serviceTier: asked.service_tier,
    status: asked.status,
    errorCode: asked.error_code,
    apiKeyId: asked.api_key_id,
    state: asked.state,
    tags,
    costFrom: asked.cost_from,
    costTo: asked.cost_to,
    fromUs: asked.from,
    toUs: asked.to,
    includeVoided: asked.include_voided === 'true',
  };
  return { filter, order: asked.sort, after: placeOf(asked.cursor, asked.sort, filter), limit: asked.limit, strong: asked.consistency === 'strong' };
}

/** A place is one of a list: of another order or other filters it would leave events out without a word. */
export function placeOf(cursor: EventCursor | undefined, wanted: EventOrder, filter: EventFilter): EventPlace | undefined {
  if (cursor === undefined) return undefined;
  const refuse = (reason: string) => invalid([{ field: 'cursor', reason }]);
  if (writeOrder(cursor.order) !== writeOrder(wanted)) throw refuse(`belongs to a list with sort=${writeOrder(cursor.order)}`);
  if (cursor.filters !== filtersOf(filter)) throw refuse('belongs to a list with other filters');
  return cursor.place;
}

/** `tag.KEY=VALUE`, apart from the parameters whose names are known. */
function readTags(query: Record<string, unknown>): { tags?: Record<string, readonly string[]>; others: Record<string, unknown> } {
  const tags = Object.keys(query).filter((field) => field.startsWith(TAG)).sort();
  const others = Object.fromEntries(Object.entries(query).filter(([field]) => !field.startsWith(TAG)));
  if (tags.length === 0) return { others };
  const errors = tags.flatMap((field) => {
    const reason = tagProblem(field, listOf(query[field]) as unknown[]);
    return reason === undefined ? [] : [{ field, reason }];
  });
  if (tags.length > MOST_TAGS) errors.push({ field: TAG, reason: `has more than ${MOST_TAGS} keys` });
  if (errors.length > 0) throw invalid(errors);
  return { tags: Object.fromEntries(tags.map((field) => [field.slice(TAG.length), onceEach(listOf(query[field]) as string[])])), others };
}

function tagProblem(field: string, values: readonly unknown[]): string | undefined {
  if (field.length === TAG.length || field.length > TAG.length + LONGEST_TEXT) return `expected ${TAG}KEY=VALUE`;
  if (values.length > MOST_VALUES) return `has more than ${MOST_VALUES} values`;
  return values.some((value) => typeof value !== 'string' || value.length > LONGEST_TEXT) ? `is longer than ${LONGEST_TEXT} characters` : undefined;
}
