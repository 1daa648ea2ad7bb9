import { type QuotaEvent } from '@ledgerline/contracts';
import { whyNoGrowth } from '@ledgerline/domain-alerting';
import { type GrownQuarantine } from '../application/ports.js';
import { growthAlertId } from './alert-id.js';
import { fromUs, positionsOf, QuotaEventError } from './mapping.js';

/** The growth in a message, or undefined when the message is about something else. @throws QuotaEventError */
export function growthFromWire(message: QuotaEvent): GrownQuarantine | undefined {
  const { event, eventId, decidedAtUs } = message;
  if (event.case !== 'quarantineGrew') return undefined;
  const { hourStartUs, heldEvents, threshold } = event.value;
  const growth = {
    eventId,
    hourStartUs: Number(hourStartUs),
    heldEvents: Number(heldEvents),
    threshold: Number(threshold),
    decidedAtUs: Number(decidedAtUs),
    positions: positionsOf(message),
  };
  const broken = whyNoGrowth(growth);
  if (broken !== undefined) throw new QuotaEventError(`its ${broken} is not valid`);
  return growth;
}

/** The alert about an hour as it is stored. */
export const growthToRow = ({ hourStartUs, heldEvents, threshold, decidedAtUs }: GrownQuarantine) => ({
  id: growthAlertId(hourStartUs),
  kind: 'quarantine_growth' as const,
  hour_start: fromUs(hourStartUs),
  limit_value: String(threshold),
  value: String(heldEvents),
  status: 'active',
  crossing_number: 1,
  raised_at: fromUs(decidedAtUs),
  reopened_count: 0,
});

/** What the history keeps of it. */
export const growthToHistoryRow = ({ eventId, hourStartUs, heldEvents, threshold, decidedAtUs, positions }: GrownQuarantine) => ({
  event_id: eventId,
  alert_id: growthAlertId(hourStartUs),
  kind: 'grew',
  change: 'raised',
  crossing_number: 1,
  limit_value: String(threshold),
  value: String(heldEvents),
  decided_at: fromUs(decidedAtUs),
  positions: JSON.stringify(positions),
});
