import { METRIC_PLACES, type MonthNumber, monthStartText, parseMonth } from '@ledgerline/domain-quota';
import { type Kysely, sql } from 'kysely';
import { type QuotaWindow } from '../application/ports.js';
import { type SumName, type UsageTally } from '../application/usage-tally.js';
import { arrayLiteral, textArray, textElement } from './array-literal.js';
import { amountFromRow } from './mapping.js';
import { type QuotaDatabase } from './quota-database.js';

/** The sums with the decimal places their integers have. */
const SUM_PLACES: Record<SumName, number> = { ...METRIC_PLACES, event_count: 0, unpriced_events: 0 };
const SUM_NAMES = Object.keys(SUM_PLACES) as SumName[];

/**
 * Adds a batch's sums with one statement.
 *
 * Rows go in the order of (customer, month, provider, model), the same in every copy: two batches can wait for each other's rows, but
 * never in a circle. Sums that the batch did not touch are left out of the statement.
 */
export async function addSums(db: Kysely<QuotaDatabase>, tally: UsageTally): Promise<void> {
  const rows = sortedRows(tally);
  const customers = tally.customers.map(textElement);
  const providers = tally.scopes.map(({ provider }) => textElement(provider));
  const models = tally.scopes.map(({ model }) => textElement(model));
  const months = new Map(tally.monthOf.map((month) => [month, monthStartText(month)]));
  const names = SUM_NAMES.filter((name) => tally.sums[name].touched);
  const columns = names.map((name) => sql.ref(name));
  const arrays = names.map((name) => sql`${arrayLiteral(Array.from(rows, (row) => withPoint(tally.sums[name].text(row), SUM_PLACES[name])))}::numeric[]`);
  const additions = names.map((name) => sql`${sql.ref(name)} = s.${sql.ref(name)} + excluded.${sql.ref(name)}`);
  await sql`
    insert into quota.usage_sums as s (customer_id, period_start, provider, model, ${sql.join(columns)})
    select * from unnest(
      ${arrayLiteral(Array.from(rows, (row) => customers[tally.customerOf[row]!]!))}::text[],
      ${arrayLiteral(Array.from(rows, (row) => months.get(tally.monthOf[row]!)!))}::date[],
      ${arrayLiteral(Array.from(rows, (row) => providers[tally.scopeOf[row]!]!))}::text[],
      ${arrayLiteral(Array.from(rows, (row) => models[tally.scopeOf[row]!]!))}::text[],
      ${sql.join(arrays)}
    )
    on conflict (customer_id, period_start, provider, model) do update set ${sql.join(additions)}`.execute(db);
}

/** Row numbers in the order of their keys, found by ranks: sorting 20,000 rows compares numbers, not texts. */
function sortedRows(tally: UsageTally): Uint32Array {
  const customerRank = ranks(tally.customers);
  const scopeRank = ranks(tally.scopes.map(({ provider, model }) => `${provider}\0${model}`));
  const months = [...new Set(tally.monthOf)].sort((a, b) => a - b);
  const monthRank = new Map(months.map((month, rank) => [month, rank]));
  const rows = Uint32Array.from({ length: tally.rowCount }, (_, row) => row);
  const within = Float64Array.from(rows, (row) => monthRank.get(tally.monthOf[row]!)! * tally.scopes.length + scopeRank[tally.scopeOf[row]!]!);
  return rows.sort((a, b) => customerRank[tally.customerOf[a]!]! - customerRank[tally.customerOf[b]!]! || within[a]! - within[b]!);
}

function ranks(texts: readonly string[]): Uint32Array {
  const order = texts.map((_, i) => i).sort((a, b) => (texts[a]! < texts[b]! ? -1 : 1));
  const rank = new Uint32Array(texts.length);
  order.forEach((index, i) => (rank[index] = i));
  return rank;
}

/** Puts the point into an integer's text: `1500000000` with 9 places -> `1.500000000`. */
function withPoint(integer: string, places: number): string {
  if (places === 0 || integer === '0') return integer;
  const negative = integer.startsWith('-');
  const digits = (negative ? integer.slice(1) : integer).padStart(places + 1, '0');
  return `${negative ? '-' : ''}${digits.slice(0, -places)}.${digits.slice(-places)}`;
}

/** What each window's usage adds up to. The value is the sum of the rows itself: no second counter could differ from it. */
export async function valuesOf(db: Kysely<QuotaDatabase>, windows: readonly QuotaWindow[]): Promise<bigint[]> {
  const { rows } = await sql<{ n: number; value: string }>`
    select w.n, coalesce(used.value, 0)::text as value
    from unnest(
      ${arrayLiteral(windows.map((_, i) => i))}::int[],
      ${textArray(windows.map(({ quota }) => quota.customerId))}::text[],
      ${arrayLiteral(windows.map(({ month }) => monthStartText(month)))}::date[],
      ${arrayLiteral(windows.map(({ quota }) => quota.metric))}::text[],
      ${nullableTexts(windows.map(({ quota }) => quota.provider))}::text[],
      ${nullableTexts(windows.map(({ quota }) => quota.model))}::text[]
    ) as w (n, customer_id, period_start, metric, provider, model)
    left join lateral (
      select sum(case w.metric
        when 'tokens' then s.tokens when 'characters' then s.characters when 'seconds' then s.seconds
        when 'credits' then s.credits when 'requests' then s.requests when 'cost_usd' then s.cost_usd end) as value
      from quota.usage_sums s
      where s.customer_id = w.customer_id and s.period_start = w.period_start
        and (w.provider is null or s.provider = w.provider) and (w.model is null or s.model = w.model)
    ) used on true`.execute(db);
  const values = new Array<bigint>(windows.length).fill(0n);
  for (const { n, value } of rows) values[n] = amountFromRow(windows[n]!.quota.metric, value);
  return values;
}

export async function monthsUsedBy(db: Kysely<QuotaDatabase>, customer: string): Promise<MonthNumber[]> {
  const { rows } = await sql<{ month: string }>`
    select distinct period_start::text as month from quota.usage_sums where customer_id = ${customer} order by 1`.execute(db);
  return rows.map(({ month }) => parseMonth(month)!);
}

const nullableTexts = (texts: readonly (string | null)[]): string => arrayLiteral(texts.map((text) => (text === null ? 'NULL' : textElement(text))));
