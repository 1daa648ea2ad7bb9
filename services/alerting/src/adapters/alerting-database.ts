import { type ColumnType, type Generated } from 'kysely';

/** Tables of the schema `alerting`, as migrations/ makes them. Amounts are read with `trim_scale(…)::text`. */
export interface AlertingDatabase {
  'alerting.alerts': AlertsTable;
  'alerting.alert_history': AlertHistoryTable;
  'alerting.checkpoints': CheckpointsTable;
}

type Int8 = ColumnType<number | bigint, number, number>;

export interface AlertsTable {
  id: string;
  quota_id: string;
  limit_version: number;
  period_start: string;
  threshold_percent: number;
  customer_id: string;
  metric: string;
  provider: string | null;
  model: string | null;
  limit_value: string;
  value: string;
  status: string;
  crossing_number: number;
  raised_at: Date;
  resolved_at: Date | null;
}

export interface AlertHistoryTable {
  event_id: string;
  alert_id: string;
  kind: string;
  change: string | null;
  crossing_number: number;
  limit_value: string;
  value: string;
  decided_at: Date;
  positions: string;
  recorded_at: Generated<Date>;
}

export interface CheckpointsTable {
  stream: string;
  sequence: Int8;
  stream_created: string;
  message_digest: string;
  highest_seen: Int8;
  updated_at: Generated<Date>;
}
