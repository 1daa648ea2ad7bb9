import { create, toBinary } from '@bufbuild/protobuf';
import { Metric as WireMetric, QuotaEventSchema, quotaSubject } from '@ledgerline/contracts';
import { formatAmount, isMetric, METRIC_PLACES, type Metric, monthStartText, type QuarantineGrew, quarantineGrewId, type Quota } from '@ledgerline/domain-quota';
import { parseScaled } from '@ledgerline/kernel';
import { type Selectable } from 'kysely';
import { type Decision, type Position } from '../application/ports.js';
import { type QuotasTable } from './quota-database.js';

const WIRE_METRIC: Record<Metric, WireMetric> = {
  tokens: WireMetric.TOKENS,
  characters: WireMetric.CHARACTERS,
  seconds: WireMetric.SECONDS,
  credits: WireMetric.CREDITS,
  requests: WireMetric.REQUESTS,
  cost_usd: WireMetric.COST_USD,
};

/** A message as it waits in the outbox. */
export interface OutboxMessage {
  readonly eventId: string;
  readonly subject: string;
  readonly payload: Uint8Array;
}

const positionToWire = ({ generation, partition, sequence }: Position) => ({ generation, partition, sequence: BigInt(sequence) });

/** A decision as it goes over the wire (quota_event.proto). */
export function toWire({ eventId, window: { quota, month }, event, value, decidedAtUs, positions }: Decision): OutboxMessage {
  const crossing = {
    quotaId: quota.id,
    customerId: quota.customerId,
    metric: WIRE_METRIC[quota.metric],
    provider: quota.provider ?? '',
    model: quota.model ?? '',
    limit: formatAmount(quota.metric, quota.terms.limit),
    limitVersion: event.limitVersion,
    periodStart: monthStartText(month),
    thresholdPercent: event.thresholdPercent,
    crossingNumber: event.crossingNumber,
    value: formatAmount(quota.metric, value),
  };
  const message = create(QuotaEventSchema, {
    eventId,
    decidedAtUs: BigInt(decidedAtUs),
    positions: positions.map(positionToWire),
    event:
      event.kind === 'crossed' ? { case: 'thresholdCrossed', value: { crossing } } : { case: 'thresholdUncrossed', value: { crossing } },
  });
  return {
    eventId,
    subject: quotaSubject(event.kind === 'crossed' ? 'threshold-crossed' : 'threshold-uncrossed'),
    payload: toBinary(QuotaEventSchema, message),
  };
}

export const CUSTOMER_SEEN_SUBJECT = quotaSubject('customer-seen');

/** A customer's first appearance as it goes over the wire. */
export function customerSeenToWire(customerId: string, decidedAtUs: number): OutboxMessage {
  const eventId = `customer-seen/${customerId}`;
  const message = create(QuotaEventSchema, {
    eventId,
    decidedAtUs: BigInt(decidedAtUs),
    event: { case: 'customerSeen', value: { customerId } },
  });
  return { eventId, subject: CUSTOMER_SEEN_SUBJECT, payload: toBinary(QuotaEventSchema, message) };
}

/** An hour's growth as it goes over the wire. */
export function quarantineGrewToWire({ hourStartUs, heldEvents, threshold }: QuarantineGrew, decidedAtUs: number, positions: readonly Position[]): OutboxMessage {
  const eventId = quarantineGrewId(hourStartUs);
  const message = create(QuotaEventSchema, {
    eventId,
    decidedAtUs: BigInt(decidedAtUs),
    positions: positions.map(positionToWire),
    event: {
      case: 'quarantineGrew',
      value: { hourStartUs: BigInt(hourStartUs), heldEvents: BigInt(heldEvents), threshold: BigInt(threshold) },
    },
  });
  return { eventId, subject: quotaSubject('quarantine-grew'), payload: toBinary(QuotaEventSchema, message) };
}

/** @throws when the database holds what no quota can be: it was written by somebody else */
export function quotaFromRow(row: Selectable<QuotasTable>): Quota {
  if (!isMetric(row.metric)) throw new Error(`quota ${row.id} has the unknown metric ${row.metric}`);
  return {
    id: row.id,
    customerId: row.customer_id,
    metric: row.metric,
    provider: row.provider,
    model: row.model,
    terms: { limit: amountFromRow(row.metric, row.limit_value), thresholds: row.thresholds },
    limitVersion: row.limit_version,
  };
}

/** An amount of a metric from numeric's text. */
export const amountFromRow = (metric: Metric, text: string): bigint => parseScaled(text, METRIC_PLACES[metric]);

/** What a quota is stored as, its times aside. */
export function quotaToRow(quota: Quota) {
  return {
    id: quota.id,
    customer_id: quota.customerId,
    metric: quota.metric,
    provider: quota.provider,
    model: quota.model,
    limit_value: formatAmount(quota.metric, quota.terms.limit),
    limit_version: quota.limitVersion,
    thresholds: [...quota.terms.thresholds],
  };
}
