import { Metric, type QuotaEvent } from '@ledgerline/contracts';
import { type AlertState, type AlertStatus } from '@ledgerline/domain-alerting';
import { type AlertUpdate, type Position, type QuotaCrossing } from '../application/ports.js';
import { alertId } from './alert-id.js';

const METRIC_NAMES: Record<Metric, string | undefined> = {
  [Metric.UNSPECIFIED]: undefined,
  [Metric.TOKENS]: 'tokens',
  [Metric.CHARACTERS]: 'characters',
  [Metric.SECONDS]: 'seconds',
  [Metric.CREDITS]: 'credits',
  [Metric.REQUESTS]: 'requests',
  [Metric.COST_USD]: 'cost_usd',
};

const UUID = /^[0-9a-f]{8}-([0-9a-f]{4}-){3}[0-9a-f]{12}$/;
const DECIMAL = /^-?\d+(\.\d+)?$/;
const FIRST_OF_MONTH = /^\d{4}-(0[1-9]|1[0-2])-01$/;

/** A message on QUOTA that says something no quota service would say. */
export class QuotaEventError extends Error {
  constructor(detail: string) {
    super(detail);
    this.name = 'QuotaEventError';
  }
}

/** The crossing in a message, or undefined when the message is about something else. @throws QuotaEventError */
export function fromWire(message: QuotaEvent): QuotaCrossing | undefined {
  const { event } = message;
  if (event.case !== 'thresholdCrossed' && event.case !== 'thresholdUncrossed') return undefined;
  const { crossing } = event.value;
  if (crossing === undefined) throw new QuotaEventError('it has no crossing');
  const metric = METRIC_NAMES[crossing.metric];
  const broken =
    (message.eventId === '' && 'event_id') ||
    (!UUID.test(crossing.quotaId) && 'quota_id') ||
    (crossing.customerId === '' && 'customer_id') ||
    (metric === undefined && 'metric') ||
    (!DECIMAL.test(crossing.limit) && 'limit') ||
    (!DECIMAL.test(crossing.value) && 'value') ||
    (!FIRST_OF_MONTH.test(crossing.periodStart) && 'period_start') ||
    (crossing.crossingNumber < 1 && 'crossing_number') ||
    (crossing.limitVersion < 1 && 'limit_version');
  if (broken || metric === undefined) throw new QuotaEventError(`its ${broken || 'metric'} is not valid`);
  return {
    eventId: message.eventId,
    kind: event.case === 'thresholdCrossed' ? 'crossed' : 'uncrossed',
    quotaId: crossing.quotaId,
    customerId: crossing.customerId,
    metric,
    provider: crossing.provider === '' ? null : crossing.provider,
    model: crossing.model === '' ? null : crossing.model,
    limit: crossing.limit,
    limitVersion: crossing.limitVersion,
    periodStart: crossing.periodStart,
    thresholdPercent: crossing.thresholdPercent,
    crossingNumber: crossing.crossingNumber,
    value: crossing.value,
    decidedAtUs: Number(message.decidedAtUs),
    positions: positionsOf(message),
  };
}

export const positionsOf = ({ positions }: QuotaEvent): Position[] =>
  positions.map(({ generation, partition, sequence }) => ({ generation, partition, sequence: Number(sequence) }));

export const fromUs = (timeUs: number): Date => new Date(timeUs / 1000);

export const toUs = (time: Date): number => time.getTime() * 1000;

/** An alert as stored after a change. */
export function alertToRow(crossing: QuotaCrossing, state: AlertState) {
  return {
    id: alertId(crossing),
    kind: 'quota_threshold' as const,
    quota_id: crossing.quotaId,
    limit_version: crossing.limitVersion,
    period_start: crossing.periodStart,
    threshold_percent: crossing.thresholdPercent,
    customer_id: crossing.customerId,
    metric: crossing.metric,
    provider: crossing.provider,
    model: crossing.model,
    limit_value: crossing.limit,
    value: state.value,
    status: state.status,
    crossing_number: state.crossingNumber,
    raised_at: fromUs(state.raisedAtUs),
    reopened_count: state.reopenedCount,
    resolved_at: state.resolvedAtUs === null ? null : fromUs(state.resolvedAtUs),
  };
}

/** A crossing as the history keeps it. */
export function historyToRow({ crossing, change }: AlertUpdate) {
  return {
    event_id: crossing.eventId,
    alert_id: alertId(crossing),
    kind: crossing.kind,
    change: change ?? null,
    crossing_number: crossing.crossingNumber,
    limit_value: crossing.limit,
    value: crossing.value,
    decided_at: fromUs(crossing.decidedAtUs),
    positions: JSON.stringify(crossing.positions),
  };
}

export interface AlertStateRow {
  status: string;
  crossing_number: number;
  value: string;
  raised_at: Date;
  reopened_count: number;
  resolved_at: Date | null;
}

export const stateFromRow = (row: AlertStateRow): AlertState => ({
  status: row.status as AlertStatus,
  crossingNumber: row.crossing_number,
  value: row.value,
  raisedAtUs: toUs(row.raised_at),
  reopenedCount: row.reopened_count,
  resolvedAtUs: row.resolved_at === null ? null : toUs(row.resolved_at),
});
