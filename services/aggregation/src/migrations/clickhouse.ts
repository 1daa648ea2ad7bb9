import { QUANTITIES } from '@ledgerline/contracts';
import { type ClickHouseMigrations } from '@ledgerline/clickhouse';

const quantityType = (decimal: boolean): string => (decimal ? 'Decimal(38, 9)' : 'Int64');
const quantityColumns = QUANTITIES.map(({ name, decimal }) => `  ${name} ${quantityType(decimal)}`).join(',\n');
/** Whole numbers are added up in 128 bits: a thousand events at the limit of one would overflow 64. The read side must say it the same way. */
const quantitySums = QUANTITIES.map(({ name, decimal }) => (decimal ? `sum(${name})` : `sum(toInt128(${name}))`)).join(', ');

/**
 * Append-only signed rows: an original counts +1, a correction adds the difference to what it corrects, so a plain sum over any set of rows is net.
 *
 * The month of `recorded_at` (the broker's time, never the client's) is the unit that is dropped once its summaries are sealed; there is no TTL,
 * because ClickHouse drops expired rows at insert and a replay would count nothing. The projection lives in the same parts as the rows: both or neither.
 * `cost_usd` NULL is unpriced, which is not zero.
 *
 * `merge_selector_base` 10 instead of 5 merges more parts at once and so writes a row fewer times: a quarter of the server's work under load,
 * for some tens of parts more.
 */
const USAGE_EVENTS = `CREATE TABLE IF NOT EXISTS usage_events
(
  usage_id UUID,
  id String,
  source LowCardinality(String),
  kind Enum8('recorded' = 1, 'adjusted' = 2, 'voided' = 3, 'repriced' = 4) DEFAULT 'recorded',
  customer_id LowCardinality(String),
  project_id LowCardinality(String),
  user_id String,
  provider LowCardinality(String),
  model LowCardinality(String),
  operation LowCardinality(String),
  endpoint LowCardinality(String),
  context Enum8('customer' = 0, 'system' = 1) DEFAULT 'customer',
  transaction_id String,
  service_tier LowCardinality(String),
  status Enum8('ok' = 0, 'error' = 1) DEFAULT 'ok',
  error_code LowCardinality(String),
  latency_ms Nullable(UInt64),
  tags Map(LowCardinality(String), String),
  request_metadata String,
  response_metadata String,
  api_key_id LowCardinality(String),
  client_cost_usd Nullable(Decimal(38, 12)),
  cost_usd Nullable(Decimal(38, 12)),
  price_book_version LowCardinality(String),
  event_count Int8 DEFAULT 1,
  unpriced_count Int8,
  usage_mask UInt32,
${quantityColumns},
  occurred_at DateTime64(6, 'UTC'),
  recorded_at DateTime64(6, 'UTC'),
  source_generation UInt16,
  source_partition UInt16,
  source_sequence UInt64,
  source_index UInt32,
  INDEX usage_id_bloom usage_id TYPE bloom_filter(0.01) GRANULARITY 1,
  INDEX source_position (source_partition, source_sequence) TYPE minmax GRANULARITY 1,
  PROJECTION quarter_hours
  (
    SELECT customer_id, project_id, provider, model, operation, toStartOfFifteenMinutes(occurred_at),
      sum(event_count), sum(unpriced_count), sum(cost_usd), ${quantitySums}
    GROUP BY customer_id, project_id, provider, model, operation, toStartOfFifteenMinutes(occurred_at)
  )
)
ENGINE = MergeTree
PARTITION BY toYYYYMM(recorded_at)
PRIMARY KEY (customer_id, occurred_at)
ORDER BY (customer_id, occurred_at, usage_id)
SETTINGS min_bytes_for_wide_part = 134217728, merge_selector_base = 10`;

/** What was not counted (quarantined, late, parked), kept whole so that it can be read, repaired and sent again. A position inserted twice collapses to one row. */
const QUARANTINED_ITEMS = `CREATE TABLE IF NOT EXISTS quarantined_items
(
  usage_id Nullable(UUID) COMMENT 'NULL when the message could not be decoded',
  customer_id String,
  outcome LowCardinality(String),
  code LowCardinality(String),
  detail String,
  body String COMMENT 'the event as JSON, or the base64 of a message that could not be decoded',
  encoding Enum8('json' = 0, 'base64' = 1),
  recorded_at DateTime64(6, 'UTC'),
  source_generation UInt16,
  source_partition UInt16,
  source_sequence UInt64,
  source_index UInt32,
  INDEX usage_id_bloom usage_id TYPE bloom_filter(0.01) GRANULARITY 1
)
ENGINE = ReplacingMergeTree
ORDER BY (source_generation, source_partition, source_sequence, source_index)`;

export const clickHouseMigrations: ClickHouseMigrations = {
  '0001_usage_events': [USAGE_EVENTS],
  '0002_quarantined_items': [QUARANTINED_ITEMS],
};
