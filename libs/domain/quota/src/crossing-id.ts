import { monthStartText, type MonthNumber } from './period.js';
import { type WindowEvent } from './window.js';

/** The one name of a decision: the same decision made or published again has the same name. */
export function crossingId(quotaId: string, month: MonthNumber, event: WindowEvent): string {
  return [
    quotaId,
    `v${event.limitVersion}`,
    monthStartText(month),
    `${event.thresholdPercent}%`,
    `n${event.crossingNumber}`,
    event.kind,
  ].join('/');
}
