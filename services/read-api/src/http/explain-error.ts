import { ProblemError } from '@ledgerline/service-kit';
import { PastRetentionError, UnknownEventError } from '../application/absence.js';
import { HoursNotKeptError } from '../application/sealed-summaries.js';
import { StoreUnavailableError } from '../application/ports.js';
import { NotVisibleYetError } from '../application/visibility.js';

const LATER = { 'retry-after': '1' };

/** What a use case could not do, as an answer. Anything unforeseen is passed on. */
export function explainError(error: unknown): never {
  if (error instanceof NotVisibleYetError) throw new ProblemError(503, error.code, error.message, undefined, LATER);
  if (error instanceof UnknownEventError) throw new ProblemError(404, error.code, error.message);
  if (error instanceof PastRetentionError) throw new ProblemError(410, error.code, error.message);
  if (error instanceof HoursNotKeptError) throw new ProblemError(422, error.code, error.message);
  if (error instanceof StoreUnavailableError) {
    throw Object.assign(new ProblemError(503, error.code, 'The store cannot be read at the moment.', undefined, LATER), { cause: error });
  }
  throw error;
}
