import { type FastifyRequest } from 'fastify';
import { ProblemError } from '../http/problem-error.js';

/**
 * The customer that an answer has to keep to: that of the caller's key, else the one asked for, if any.
 *
 * @throws ProblemError 404 when a customer's key asks for another customer: it must not learn whether there is one
 */
export function confinedTo({ principal }: Pick<FastifyRequest, 'principal'>, asked?: string): string | undefined {
  const { customerId } = principal;
  if (customerId === null) return asked;
  if (asked !== undefined && asked !== customerId) throw new ProblemError(404, 'customer_not_found', 'There is no such customer.');
  return customerId;
}
