import { hash } from 'node:crypto';
import { type AlertSubject } from '@ledgerline/domain-alerting';
import { subjectKey } from '../application/ports.js';

/** The id of a subject's alert, always the same one: alerts built again from the log keep the addresses they had. */
export const alertId = (subject: AlertSubject): string => idOf(subjectKey(subject));

/** The id of the alert about an hour's quarantine. */
export const growthAlertId = (hourStartUs: number): string => idOf(`quarantine/${hourStartUs}`);

function idOf(about: string): string {
  const hex = hash('sha256', `ledgerline/alert/${about}`, 'hex');
  // Version 8 (custom) and the RFC 9562 variant.
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-8${hex.slice(13, 16)}-a${hex.slice(17, 20)}-${hex.slice(20, 32)}`;
}
