import { DELTA_KIND_NAMES, eventCountOf, Outcome, QUANTITIES } from '@ledgerline/contracts';
import { formatDecimal9, formatUsd } from '@ledgerline/kernel';
import { type EventFields, type TailItem } from './tail-item.js';

/** One JSON object, in the API's words. Amounts are decimal text, exact; a signed row's have its sign. */
export function itemJson(item: TailItem): string {
  const { type, partition, sequence, sourceSequence, index, recordedAtUs } = item;
  return JSON.stringify({ type, recorded_at: timeText(recordedAtUs), partition, priced_sequence: sequence, usage_sequence: sourceSequence, index, ...bodyOf(item) });
}

function bodyOf(item: TailItem): object {
  if (item.type === 'signed_row') {
    const { kind, retracts, version, outcome, correctionId, costPicoUsd } = item.delta;
    const cost = outcome === Outcome.unpriced ? null : formatUsd(costPicoUsd);
    return { ...eventJson(item.event, retracts ? '-' : ''), kind: DELTA_KIND_NAMES.get(kind), event_count: eventCountOf(item.delta), version, correction_id: correctionId, cost_usd: cost };
  }
  const decided = { outcome: item.outcome, ...(item.code ? { code: item.code } : {}), ...(item.detail ? { detail: item.detail } : {}) };
  if (item.type === 'event') return { ...eventJson(item.event, ''), cost_usd: item.costPicoUsd === null ? null : formatUsd(item.costPicoUsd), ...decided };
  if (item.type === 'unreadable') return decided;
  const { correctionId, kind, customerId, requestedBy, reason, usage, costUsd, status } = item.correction;
  return {
    usage_id: item.usageId,
    correction_id: correctionId,
    kind,
    customer_id: customerId,
    requested_by: requestedBy,
    reason,
    ...(usage ? { usage: Object.fromEntries([...usage].map(([quantity, amount]) => [QUANTITIES[quantity]!.name, QUANTITIES[quantity]!.decimal ? formatDecimal9(amount) : amount.toString()])) } : {}),
    ...(costUsd ? { cost_usd: costUsd } : {}),
    ...(status ? { status } : {}),
    ...decided,
  };
}

const eventJson = ({ usageId, id, customer, provider, model, usage, occurredAtUs }: EventFields, sign: string): object => ({
  usage_id: usageId,
  id,
  customer_id: customer,
  provider,
  model,
  usage: Object.fromEntries(Object.entries(usage).map(([name, value]) => [name, value === '0' ? value : `${sign}${value}`])),
  occurred_at: timeText(occurredAtUs),
});

const timeText = (timeUs: number): string => `${new Date(Math.floor(timeUs / 1000)).toISOString().slice(0, -1)}${String(timeUs % 1000).padStart(3, '0')}Z`;
