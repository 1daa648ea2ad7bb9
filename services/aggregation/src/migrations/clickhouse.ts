import { QUANTITIES } from '@ledgerline/contracts';
import { type ClickHouseMigrations } from '@ledgerline/clickhouse';
import { SEALED_TABLES } from './sealed-tables.js';

/** The number of a row's kind is that of its delta (priced_envelope.proto); 1 is a row as it was recorded. */
export const ROW_KIND_TYPE = "Enum8('recorded' = 1, 'adjusted' = 2, 'voided' = 3, 'repriced' = 4, 'refunded' = 5, 'credited' = 6)";

const quantityType = (decimal: boolean): string => (decimal ? 'Decimal(38, 9)' : 'Int64');
const quantityColumns = QUANTITIES.map(({ name, decimal }) => `  ${name} ${quantityType(decimal)}`).join(',\n');
/** Whole numbers are added up in 128 bits: a thousand events at the limit of one would overflow 64. The read side must say it the same way. */
const quantitySums = QUANTITIES.map(({ name, decimal }) => (decimal ? `sum(${name})` : `sum(toInt128(${name}))`)).join(', ');

/**
 * Append-only signed rows: an original counts +1; a correction adds one row that takes back the state before and one that states the new one,
 * so a plain sum over any set of rows is net.
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

/**
 * What tells a correction's rows from recorded ones. The index lets a reader find the rows that take something back without reading those that do not,
 * which is nearly all.
 */
const SIGNED_ROWS = `ALTER TABLE usage_events
  MODIFY COLUMN kind ${ROW_KIND_TYPE} DEFAULT 'recorded',
  ADD COLUMN IF NOT EXISTS version UInt32 DEFAULT 0 COMMENT 'the state of the event that the row adds or takes back: 0 as recorded, n after the n-th correction' AFTER kind,
  ADD COLUMN IF NOT EXISTS correction_id String DEFAULT '' AFTER version,
  ADD INDEX IF NOT EXISTS retracting event_count TYPE minmax GRANULARITY 1`;

/** What an item is: a correction is not the event that its usage_id names. */
const QUARANTINED_CORRECTIONS = `ALTER TABLE quarantined_items
  ADD COLUMN IF NOT EXISTS item Enum8('event' = 0, 'correction' = 1) DEFAULT 'event' AFTER usage_id`;

/** Every correction with what became of it, kept for ever. A position inserted twice collapses to one row: read with FINAL. */
const CORRECTIONS = `CREATE TABLE IF NOT EXISTS corrections
(
  usage_id UUID COMMENT 'the event; of a credit its own; zeros for a held item without one',
  correction_id String,
  kind LowCardinality(String),
  customer_id String COMMENT 'who the correction says the event belongs to',
  outcome LowCardinality(String) COMMENT 'applied, refused, duplicate, parked or quarantined; of a parked one, rows of usage_events with its correction_id say that it was applied later',
  code LowCardinality(String),
  detail String,
  requested_by String COMMENT 'id of an API key',
  reason String,
  requested_at DateTime64(6, 'UTC'),
  target String COMMENT 'JSON: what the event should be (usage, cost_usd, status), or what is credited',
  replaced_by Nullable(UUID),
  held_sequence UInt64 COMMENT 'of a discard or release: where the held item lies in this partition and generation',
  held_index UInt32,
  recorded_at DateTime64(6, 'UTC'),
  source_generation UInt16,
  source_partition UInt16,
  source_sequence UInt64,
  source_index UInt32,
  INDEX replaced_by_bloom replaced_by TYPE bloom_filter(0.01) GRANULARITY 1
)
ENGINE = ReplacingMergeTree
ORDER BY (usage_id, source_generation, source_partition, source_sequence, source_index)`;

/** What other services may rely on of the rows: what an event was recorded as, by its address. */
const PUBLISHED_EVENTS = `CREATE VIEW IF NOT EXISTS published_events AS
SELECT usage_id, kind, version, id, source, customer_id, project_id, user_id, provider, model, operation, endpoint, context, transaction_id, service_tier, status,
  error_code, latency_ms, tags, api_key_id, client_cost_usd, cost_usd, price_book_version, usage_mask, ${QUANTITIES.map(({ name }) => name).join(', ')},
  occurred_at, recorded_at
FROM usage_events`;

/** Computed from the row, so nothing is stored for it: a cost that no book computed was stated, by the client when it was recorded, else by a correction. */
const PRICE_SOURCE = `ALTER TABLE usage_events
  ADD COLUMN IF NOT EXISTS price_source LowCardinality(String) ALIAS multiIf(cost_usd IS NULL, '', price_book_version != '', 'book', kind = 'recorded', 'client', 'correction')
  COMMENT 'where the cost comes from: book, client or correction; empty: it has none' AFTER price_book_version`;

/**
 * Where each event's rows lie, in the order of their addresses: a read of one event looks at a mark of it in each part, however many rows there are. The bloom
 * filters alone are read whole, which is 10 bits of every row. It costs 20 bytes a row and less than a twentieth of an insert. Parts that are
 * older get it in the background.
 */
const EVENTS_BY_ID = [
  'ALTER TABLE usage_events ADD PROJECTION IF NOT EXISTS by_usage_id INDEX usage_id TYPE basic',
  'ALTER TABLE usage_events MATERIALIZE PROJECTION by_usage_id',
];

export const clickHouseMigrations: ClickHouseMigrations = {
  '0001_usage_events': [USAGE_EVENTS],
  '0002_quarantined_items': [QUARANTINED_ITEMS],
  '0003_corrections': [SIGNED_ROWS, QUARANTINED_CORRECTIONS, CORRECTIONS],
  '0004_sealed_months': SEALED_TABLES,
  '0007_published_events': [PUBLISHED_EVENTS],
  '0008_price_source': [PRICE_SOURCE],
  '0009_events_by_id': EVENTS_BY_ID,
};
