import { METRIC_PLACES, type MonthNumber, monthStartText, parseMonth } from '@ledgerline/domain-quota';
import { type Kysely, sql } from 'kysely';
import { type QuotaWindow } from '../application/ports.js';
import { type Scope, type SumName, type UsageTally } from '../application/usage-tally.js';
import { arrayLiteral, textArray, textElement } from './array-literal.js';
import { amountFromRow } from './mapping.js';
import { type QuotaDatabase } from './quota-database.js';
import { type LearnedRow, type SumRowIds } from './sum-row-ids.js';

/** The sums with the decimal places their integers have. */
const SUM_PLACES: Record<SumName, number> = { ...METRIC_PLACES, event_count: 0, unpriced_events: 0 };
export const SUM_NAMES = Object.keys(SUM_PLACES) as readonly SumName[];

/** The sums in use. A rebuild has others beside them, of the same form. */
export const USAGE_SUMS = 'quota.usage_sums';

/** Rows that were there are gone: somebody else wrote to usage_sums. The batch has to start again, without what was remembered. */
export class SumRowsGoneError extends Error {
  constructor(expected: number, found: number) {
    super(`${expected - found} of ${expected} remembered rows of quota.usage_sums are gone`);
    this.name = 'SumRowsGoneError';
  }
}

/**
 * Adds a batch's sums: rows whose ids are known are updated by id, the others upserted by key. Returns the ids learned, which hold once
 * the transaction has committed.
 *
 * Known rows go in the order of their ids and then the others in the order of their keys, in every copy, so that two batches wait for
 * each other's rows but not in a circle. The transaction has turned off the joins that would take rows in another order. Sums that the
 * batch did not touch are left out of the statements.
 *
 * @throws SumRowsGoneError
 */
export async function addSums(db: Kysely<QuotaDatabase>, tally: UsageTally, ids: SumRowIds, table = USAGE_SUMS): Promise<LearnedRow[]> {
  if (touchedSums(tally).length === 0) return [];
  const { known, unknown } = findRows(tally, ids);
  if (known.rows.length > 0) await updateById(db, tally, known, table);
  return unknown.length > 0 ? upsertByKey(db, tally, inKeyOrder(tally, unknown), table) : [];
}

interface KnownRows {
  /** Of the tally, in the order of their ids. */
  readonly rows: readonly number[];
  readonly ids: readonly number[];
}

function findRows(tally: UsageTally, ids: SumRowIds): { known: KnownRows; unknown: number[] } {
  const idOf = new Float64Array(tally.rowCount).fill(-1);
  const scopes = tally.scopes.map(scopeText);
  const ofCustomer = new Map<MonthNumber, (ReadonlyMap<string, number> | undefined)[]>();
  for (const month of new Set(tally.monthOf))
    ofCustomer.set(
      month,
      tally.customers.map((customer) => ids.of(month, customer)),
    );
  const rows: number[] = [];
  const unknown: number[] = [];
  for (let row = 0; row < tally.rowCount; row++) {
    const id = ofCustomer.get(tally.monthOf[row]!)![tally.customerOf[row]!]?.get(scopes[tally.scopeOf[row]!]!);
    if (id === undefined) unknown.push(row);
    else {
      idOf[row] = id;
      rows.push(row);
    }
  }
  rows.sort((a, b) => idOf[a]! - idOf[b]!);
  return { known: { rows, ids: rows.map((row) => idOf[row]!) }, unknown };
}

async function updateById(db: Kysely<QuotaDatabase>, tally: UsageTally, { rows, ids }: KnownRows, table: string): Promise<void> {
  const names = touchedSums(tally);
  const additions = names.map((name) => sql`${sql.ref(name)} = s.${sql.ref(name)} + v.${sql.ref(name)}`);
  const { numAffectedRows } = await sql`
    update ${sql.table(table)} s set ${sql.join(additions)}
    from unnest(${arrayLiteral(ids)}::bigint[], ${sumArrays(tally, rows, names)}) as v (id, ${columns(names)})
    where s.id = v.id`.execute(db);
  if (Number(numAffectedRows ?? 0) !== rows.length) throw new SumRowsGoneError(rows.length, Number(numAffectedRows ?? 0));
}

async function upsertByKey(db: Kysely<QuotaDatabase>, tally: UsageTally, rows: readonly number[], table: string): Promise<LearnedRow[]> {
  const names = touchedSums(tally);
  const customers = tally.customers.map(textElement);
  const providers = tally.scopes.map(({ provider }) => textElement(provider));
  const models = tally.scopes.map(({ model }) => textElement(model));
  const additions = names.map((name) => sql`${sql.ref(name)} = s.${sql.ref(name)} + excluded.${sql.ref(name)}`);
  const written = await sql<{ id: number; customer: string; month: string; provider: string; model: string }>`
    insert into ${sql.table(table)} as s (customer_id, period_start, provider, model, ${columns(names)})
    select * from unnest(
      ${arrayLiteral(rows.map((row) => customers[tally.customerOf[row]!]!))}::text[],
      ${arrayLiteral(rows.map((row) => monthStartText(tally.monthOf[row]!)))}::date[],
      ${arrayLiteral(rows.map((row) => providers[tally.scopeOf[row]!]!))}::text[],
      ${arrayLiteral(rows.map((row) => models[tally.scopeOf[row]!]!))}::text[],
      ${sumArrays(tally, rows, names)}
    )
    on conflict (customer_id, period_start, provider, model) do update set ${sql.join(additions)}
    returning s.id, s.customer_id as customer, s.period_start::text as month, s.provider, s.model`.execute(db);
  return written.rows.map(({ id, customer, month, provider, model }) => ({
    id,
    customer,
    month: parseMonth(month)!,
    scope: scopeText({ provider, model }),
  }));
}

const scopeText = ({ provider, model }: Scope): string => `${provider}\0${model}`;

const touchedSums = (tally: UsageTally): SumName[] => SUM_NAMES.filter((name) => tally.sums[name].touched);

const columns = (names: readonly SumName[]) => sql.join(names.map((name) => sql.ref(name)));

/** The arrays of sums for an `unnest`. */
const sumArrays = (tally: UsageTally, rows: readonly number[], names: readonly SumName[]) =>
  sql.join(
    names.map((name) => sql`${arrayLiteral(rows.map((row) => withPoint(tally.sums[name].text(row), SUM_PLACES[name])))}::numeric[]`),
  );

/** Rows in the order of (customer, month, provider and model), found by ranks: that compares numbers, not texts. */
function inKeyOrder(tally: UsageTally, rows: number[]): number[] {
  const customerRank = ranks(tally.customers);
  const scopeRank = ranks(tally.scopes.map(scopeText));
  const compare = (a: number, b: number): number =>
    customerRank[tally.customerOf[a]!]! - customerRank[tally.customerOf[b]!]! ||
    tally.monthOf[a]! - tally.monthOf[b]! ||
    scopeRank[tally.scopeOf[a]!]! - scopeRank[tally.scopeOf[b]!]!;
  return rows.sort(compare);
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

const nullableTexts = (texts: readonly (string | null)[]): string =>
  arrayLiteral(texts.map((text) => (text === null ? 'NULL' : textElement(text))));
