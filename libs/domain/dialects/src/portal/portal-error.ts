import { type Issue } from './issues.js';

/** An error of the client portal's API. */
export interface PortalError {
  readonly error: string;
  readonly details?: readonly Issue[];
}

const TEXTS: Readonly<Record<number, string>> = {
  400: 'Invalid JSON',
  401: 'Unauthorized',
  403: 'Forbidden',
  404: 'Project not found',
  422: 'Validation failed',
  500: 'Internal server error',
};

/** @param detail for statuses that the guide does not name @param issues what is wrong with a body, or with parameters */
export function portalError(status: number, detail: string, issues?: readonly Issue[]): PortalError {
  return { error: TEXTS[status] ?? detail, ...(issues && issues.length > 0 ? { details: issues } : {}) };
}
