import { QUANTITIES } from '@ledgerline/contracts';

/** What a row of summaries is told apart by. */
const KEYS = ['customer_id', 'project_id', 'provider', 'model', 'operation', 'occurred_day'] as const;

/** A sum's column and how it is made of rows. Whole numbers are added up in 128 bits. */
const SUMS: readonly (readonly [string, string])[] = [
  ['row_count', 'count()'],
  ['event_count', 'sum(event_count)'],
  ['unpriced_count', 'sum(unpriced_count)'],
  ['cost_usd', 'sum(cost_usd)'],
  ...QUANTITIES.map(({ name, decimal }) => [name, decimal ? `sum(${name})` : `sum(toInt128(${name}))`] as const),
];

const NAMES = SUMS.map(([name]) => name).join(', ');
const MADE = SUMS.map(([name, made]) => `${made} AS sum_${name}`).join(', ');
const MADE_NAMES = SUMS.map(([name]) => `sum_${name}`).join(', ');

const ofMonth = (month: number): string => `FROM usage_events WHERE toYYYYMM(recorded_at) = ${month}`;
const ofSeal = (table: string, month: number, seal: string): string => `FROM ${table} WHERE recorded_month = ${month} AND seal = '${seal}'`;
const grouped = (month: number): string => `SELECT ${KEYS.slice(0, -1).join(', ')}, toDate32(occurred_at) AS occurred_day, ${MADE} ${ofMonth(month)} GROUP BY ${KEYS.join(', ')}`;

/** Writes a month's summaries under a seal. */
export function sealSql(month: number, seal: string): string {
  return `INSERT INTO sealed_summaries (recorded_month, seal, ${KEYS.join(', ')}, ${NAMES})
SELECT ${month}, toUUID('${seal}'), ${KEYS.join(', ')}, ${MADE_NAMES} FROM (${grouped(month)})`;
}

const half = (from: number): string => `toString(sumIf(reinterpretAsUInt64(reverse(substring(UUIDToNum(usage_id), ${from}, 8))), kind = 'recorded'))`;

/** The same rows by source partition. Every value is text. */
export function partitionTotalsSql(month: number): string {
  const sums = SUMS.map(([name, made]) => `toString(${name === 'cost_usd' ? `ifNull(${made}, 0)` : made}) AS sum_${name}`).join(', ');
  return `SELECT source_generation, source_partition, ${sums}, toString(countIf(kind = 'recorded')) AS originals,
  toString(uniqExactIf(usage_id, kind = 'recorded')) AS unique_originals, ${half(1)} AS id_hash_high, ${half(9)} AS id_hash_low
${ofMonth(month)} GROUP BY source_generation, source_partition`;
}

/** What a seal holds of each partition. Every value is text. */
export function sealedTotalsSql(month: number, seal: string): string {
  const sums = SUMS.map(([name]) => `toString(${name === 'cost_usd' ? 'ifNull(cost_usd, 0)' : name}) AS sum_${name}`).join(', ');
  const rest = ['originals', 'unique_originals', 'id_hash_high', 'id_hash_low'].map((name) => `toString(s.${name}) AS ${name}`).join(', ');
  return `SELECT source_generation, source_partition, toString(source_to) AS sealed_to, ${sums}, ${rest}
${ofSeal('sealed_partitions s', month, seal)} ORDER BY source_generation, source_partition`;
}

/** NULL is not zero, and must not swallow a comparison. */
const total = (name: string, prefix = ''): string => (name === 'cost_usd' ? `ifNull(sum(${prefix}${name}), 0)` : `sum(${prefix}${name})`);
const totals = (prefix: string): string => SUMS.map(([name]) => total(name, prefix)).join(', ');
const rowHash = (prefix: string): string =>
  `sum(cityHash64(${KEYS.join(', ')}, ${SUMS.map(([name]) => (name === 'cost_usd' ? `ifNull(toString(${prefix}${name}), 'none')` : `toString(${prefix}${name})`)).join(', ')}))`;

/** Compares a seal with the rows, in one statement: the number of summaries, their sums and a sum of their hashes, and the sums by partition. */
export function verifySql(month: number, seal: string): string {
  const plain = (prefix: string): string => `tuple(toUInt64(count()), ${rowHash(prefix)}, ${totals(prefix)})`;
  return `SELECT
  toString((SELECT ${plain('sum_')} FROM (${grouped(month)}))) AS made,
  toString((SELECT ${plain('')} ${ofSeal('sealed_summaries', month, seal)})) AS summaries,
  toString((SELECT tuple(${totals('sum_')}) FROM (${grouped(month)}))) AS made_sums,
  toString((SELECT tuple(${totals('')}) ${ofSeal('sealed_partitions', month, seal)})) AS partitions`;
}
