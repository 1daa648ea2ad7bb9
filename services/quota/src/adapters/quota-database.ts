import { type ColumnType, type Generated } from 'kysely';

/** Reads as decimal text; written as decimal text. */
type Numeric = ColumnType<string, string, string>;
type Int8 = ColumnType<number | bigint, number | string, number | string>;

/** Tables and views of the schema `quota`, as migrations/ makes them. */
export interface QuotaDatabase {
  'quota.usage_sums': UsageSumsTable;
  'quota.checkpoints': CheckpointsTable;
  'quota.customers_seen': { customer_id: string; first_seen_at: Generated<Date> };
  'quota.quotas': QuotasTable;
  'quota.windows': WindowsTable;
  'quota.outbox': OutboxTable;
  'quota.quarantine_hours': { hour_start: Date; held_events: Int8; announced: Generated<boolean> };
}

export interface UsageSumsTable {
  id: Generated<number>;
  customer_id: string;
  period_start: string;
  provider: string;
  model: string;
  event_count: Int8;
  requests: Numeric;
  tokens: Numeric;
  characters: Numeric;
  seconds: Numeric;
  credits: Numeric;
  cost_usd: Numeric;
  unpriced_events: Int8;
}

export interface CheckpointsTable {
  generation: number;
  partition: number;
  sequence: Int8;
  source_sequence: Int8;
  stream_id: string;
  message_digest: string;
  highest_seen: Int8;
  updated_at: Generated<Date>;
}

export interface QuotasTable {
  id: string;
  customer_id: string;
  metric: string;
  provider: string | null;
  model: string | null;
  limit_value: Numeric;
  limit_version: number;
  thresholds: number[];
  created_at: Generated<Date>;
  updated_at: Generated<Date>;
}

export interface WindowsTable {
  quota_id: string;
  period_start: string;
  threshold_percent: number;
  limit_version: number;
  crossed: boolean;
  crossing_number: number;
}

export interface OutboxTable {
  id: Generated<number | bigint>;
  event_id: string;
  subject: string;
  payload: Buffer;
  created_at: Generated<Date>;
}
