import { nameProblem } from '@ledgerline/domain-metering';
import { ProblemError } from '@ledgerline/service-kit';
import { type FastifyRequest } from 'fastify';

/** An Idempotency-Key may be this long, so that the number of a batch's item still fits an id. */
const MAX_KEY_LENGTH = 200;

/** The Idempotency-Key, or undefined. @throws ProblemError 400 for one that cannot be an id */
export function idempotencyKey({ headers }: Pick<FastifyRequest, 'headers'>): string | undefined {
  const key = headers['idempotency-key'];
  if (key === undefined) return undefined;
  const problem = typeof key === 'string' ? nameProblem(key, MAX_KEY_LENGTH) : 'must be sent once';
  if (problem !== null) throw new ProblemError(400, 'bad_header', 'A header is not valid.', [{ field: 'Idempotency-Key', reason: problem }]);
  return key as string;
}
