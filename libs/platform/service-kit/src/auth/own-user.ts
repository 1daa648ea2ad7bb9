import { type FastifyRequest } from 'fastify';

/** Stands for the operator where a user is asked for and the key names none. */
const OPERATOR_USER = 'operator';

/** The user that a caller's own usage is counted for: the one its key or token acts for, else its customer as a whole, else the operator. */
export function ownUserOf({ principal }: Pick<FastifyRequest, 'principal'>): string {
  return principal.userId ?? principal.customerId ?? OPERATOR_USER;
}
