import { hash } from 'node:crypto';
import { type AlertSubject } from '@ledgerline/domain-alerting';
import { subjectKey } from '../application/ports.js';

/** The id of a subject's alert, always the same one: alerts built again from the log keep the addresses they had. */
export function alertId(subject: AlertSubject): string {
  const hex = hash('sha256', `ledgerline/alert/${subjectKey(subject)}`, 'hex');
  // Version 8 (custom) and the RFC 9562 variant.
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-8${hex.slice(13, 16)}-a${hex.slice(17, 20)}-${hex.slice(20, 32)}`;
}
