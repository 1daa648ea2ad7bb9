import { type ColumnType, type Generated } from 'kysely';

/** Tables of the schema `alerting`, as migrations/ makes them. Amounts are read with `trim_scale(…)::text`. */
export interface AlertingDatabase {
  'alerting.alerts': AlertsTable;
  'alerting.alert_history': AlertHistoryTable;
  'alerting.alert_statements': AlertStatementsTable;
  'alerting.mail_outbox': MailOutboxTable;
  'alerting.mail_since': MailSinceTable;
  'alerting.checkpoints': CheckpointsTable;
}

type Int8 = ColumnType<number | bigint, number, number>;

export interface AlertsTable {
  id: string;
  kind: 'quota_threshold' | 'quarantine_growth';
  /** Of quarantine_growth only. */
  hour_start: Generated<Date | null>;
  /** These six, of quota_threshold only. */
  quota_id: string | null;
  limit_version: number | null;
  period_start: string | null;
  threshold_percent: number | null;
  customer_id: string | null;
  metric: string | null;
  provider: string | null;
  model: string | null;
  limit_value: string;
  value: string;
  status: string;
  crossing_number: number;
  raised_at: Date;
  reopened_count: Generated<number>;
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

export interface AlertStatementsTable {
  alert_id: string;
  crossing_number: number;
  kind: string;
  customer_id: string | null;
  said_by: string;
  said_at: Date;
  note: string | null;
}

export interface MailOutboxTable {
  alert_id: string;
  /** Written as JSON, read as what that says. */
  about: ColumnType<object, string, never>;
  state: Generated<string>;
  attempts: Generated<number>;
  queued_at: Date;
  due_at: Date;
  ended_at: Date | null;
  last_error: string | null;
}

export interface MailSinceTable {
  only_row: Generated<boolean>;
  since: Date;
}

export interface CheckpointsTable {
  stream: string;
  sequence: Int8;
  stream_id: string;
  message_digest: string;
  highest_seen: Int8;
  updated_at: Generated<Date>;
}
