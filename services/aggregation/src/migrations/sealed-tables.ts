import { QUANTITIES } from '@ledgerline/contracts';

const SEALED_SUMS = [
  '  event_count Int64',
  '  unpriced_count Int64',
  '  cost_usd Nullable(Decimal(38, 12))',
  ...QUANTITIES.map(({ name, decimal }) => `  ${name} ${decimal ? 'Decimal(38, 9)' : 'Int128'}`),
].join(',\n');

/**
 * What stays of a recorded month once its rows are dropped: their sums by the day in which the usage occurred. Rows count only under a
 * seal that `sealed_months` names, so that what an interrupted attempt left is never seen.
 */
const SEALED_SUMMARIES = `CREATE TABLE IF NOT EXISTS sealed_summaries
(
  recorded_month UInt32 COMMENT 'yyyymm of recorded_at',
  seal UUID,
  customer_id LowCardinality(String),
  project_id LowCardinality(String),
  provider LowCardinality(String),
  model LowCardinality(String),
  operation LowCardinality(String),
  occurred_day Date32,
  row_count UInt64,
${SEALED_SUMS}
)
ENGINE = MergeTree
PARTITION BY recorded_month
ORDER BY (recorded_month, seal, customer_id, occurred_day, project_id, provider, model, operation)`;

/** The same rows summed by source partition, with what the audit compares: everything up to source_to was there when the month was sealed. */
const SEALED_PARTITIONS = `CREATE TABLE IF NOT EXISTS sealed_partitions
(
  recorded_month UInt32,
  seal UUID,
  source_generation UInt16,
  source_partition UInt16,
  source_to UInt64,
  row_count UInt64,
${SEALED_SUMS},
  originals UInt64 COMMENT 'rows of kind recorded',
  unique_originals UInt64 COMMENT 'their distinct usage_ids',
  id_hash_high UInt64 COMMENT 'sum modulo 2^64 of the upper halves of their usage_ids',
  id_hash_low UInt64
)
ENGINE = MergeTree
PARTITION BY recorded_month
ORDER BY (recorded_month, seal, source_generation, source_partition)`;

/** One row commits a seal: from then on the month is read from its summaries. A second one says that its rows are dropped. */
const SEALED_MONTHS = `CREATE TABLE IF NOT EXISTS sealed_months
(
  recorded_month UInt32,
  seal UUID,
  dropped UInt8
)
ENGINE = MergeTree
ORDER BY (recorded_month, seal, dropped)`;

export const SEALED_TABLES: readonly string[] = [SEALED_SUMMARIES, SEALED_PARTITIONS, SEALED_MONTHS];
