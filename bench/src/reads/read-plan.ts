import { selectRows } from '@ledgerline/clickhouse';
import { MODELS } from '../load-generator/traffic.js';
import { type Landing } from '../stack/landing.js';
import { DAYS } from './load-events.js';

/** One read, as the API is asked and as ClickHouse is asked for the same rows. */
export interface Read {
  /** What shape it has, for the table. */
  readonly shape: string;
  readonly path: string;
  readonly sql: string;
}

export interface ReadPlan {
  readonly byId: readonly Read[];
  readonly summary: readonly Read[];
  readonly list: readonly Read[];
}

const DAY_MS = 86_400_000;
const SLOT = 'toStartOfFifteenMinutes(occurred_at)';
const NET = '(usage_id, version) NOT IN (SELECT usage_id, version FROM usage_events WHERE event_count < 0)';

/** Reads of many different events, customers and filters; the n-th of a shape is never that of another. */
export async function readPlan(landing: Landing, customers: number, reads: { byId: number; summary: number; list: number }): Promise<ReadPlan> {
  const ids = await selectRows<{ id: string }>(landing.clickhouse, `SELECT toString(usage_id) AS id FROM usage_events WHERE kind = 'recorded' AND cityHash64(usage_id, 7) % 50 = 0 LIMIT ${reads.byId}`);
  const customerOf = (n: number): string => `customer-${String((n * 7_919) % customers).padStart(4, '0')}`;
  const monthFrom = new Date(Math.floor((Date.now() - DAYS * DAY_MS) / DAY_MS) * DAY_MS).toISOString().slice(0, 10);
  const many = (count: number, of: ((n: number) => Read)[]): Read[] => Array.from({ length: count }, (_, n) => of[n % of.length]!(n));
  return {
    byId: ids.map(({ id }) => ({ shape: 'by id', path: `/v1/events/${id}`, sql: `SELECT * FROM usage_events WHERE usage_id = '${id}'` })),
    summary: many(reads.summary, [
      (n) => summary('of a month', customerOf(n), monthFrom, ''),
      (n) => summary('of a month by model', customerOf(n), monthFrom, 'model'),
      (n) => summary('of a month by day', customerOf(n), monthFrom, 'day'),
    ]),
    list: many(reads.list, LISTS.map((list) => (n: number) => list(customerOf(n), n))),
  };
}

function summary(shape: string, customer: string, from: string, groupBy: string): Read {
  const key = { '': '', model: 'model, ', day: `toDate(${SLOT}) AS day, ` }[groupBy]!;
  return {
    shape,
    path: `/v1/summaries?customer_id=${customer}&from=${from}${groupBy && `&group_by=${groupBy}`}`,
    sql: `SELECT ${key}sum(event_count), sum(unpriced_count), sum(cost_usd), sum(toInt128(input_tokens)), sum(toInt128(output_tokens)) FROM usage_events WHERE customer_id = '${customer}' AND ${SLOT} >= toDateTime64('${from}', 6, 'UTC')${groupBy && ` GROUP BY ${groupBy}`}`,
  };
}

const page = (shape: string, query: string, where: string, order: string): Read => ({ shape, path: `/v1/events?limit=50&${query}`, sql: `SELECT * FROM usage_events WHERE ${where} AND event_count > 0 AND ${NET} ORDER BY ${order} LIMIT 51` });
const NEWEST = 'occurred_at DESC, usage_id DESC';
const dayOf = (n: number): string => new Date(Date.now() - ((n * 13) % DAYS) * DAY_MS).toISOString().slice(0, 10);

/** A page of a usage log under the filters that people set. */
const LISTS: readonly ((customer: string, n: number) => Read)[] = [
  (customer) => page('customer, newest', `customer_id=${customer}`, `customer_id = '${customer}'`, NEWEST),
  (customer, n) => {
    const [provider, model] = MODELS[n % MODELS.length]!;
    return page('customer and model', `customer_id=${customer}&provider=${provider}&model=${model}`, `customer_id = '${customer}' AND provider = '${provider}' AND model = '${model}'`, NEWEST);
  },
  (customer, n) => page('customer, from a day', `customer_id=${customer}&to=${dayOf(n)}`, `customer_id = '${customer}' AND occurred_at < toDateTime64('${dayOf(n)}', 6, 'UTC')`, NEWEST),
  (customer, n) => page('customer and tag', `customer_id=${customer}&tag.team=search&tag.region=${['eu-west-1', 'us-east-1'][n % 2]}`, `customer_id = '${customer}' AND tags['team'] = 'search' AND tags['region'] = '${['eu-west-1', 'us-east-1'][n % 2]}'`, NEWEST),
  (customer) => page('customer, dearest', `customer_id=${customer}&sort=-cost_usd`, `customer_id = '${customer}'`, 'cost_usd DESC NULLS LAST, usage_id DESC'),
  (customer) => page('customer, slowest', `customer_id=${customer}&sort=-latency_ms&cost_from=0.01`, `customer_id = '${customer}' AND cost_usd >= 0.01`, 'latency_ms DESC NULLS LAST, usage_id DESC'),
  (_, n) => {
    const [provider, model] = MODELS[n % MODELS.length]!;
    return page('everybody, a model, newest', `provider=${provider}&model=${model}`, `provider = '${provider}' AND model = '${model}'`, NEWEST);
  },
  (_, n) => page('everybody, failed, a day', `status=error&from=${dayOf(n)}`, `status = 'error' AND occurred_at >= toDateTime64('${dayOf(n)}', 6, 'UTC')`, NEWEST),
];
