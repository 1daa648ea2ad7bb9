import { ProblemError } from '@ledgerline/service-kit';
import { readBody } from './read-body.js';
import { type FastifyRequest } from 'fastify';

/** The one JSON value of a request. @throws ProblemError 400, 413, 415 */
export async function readJson({ body, headers }: FastifyRequest): Promise<unknown> {
  const { events, single } = await readBody(body, headers['content-type'], headers['content-encoding']);
  if (!single) throw new ProblemError(400, 'malformed_json', 'The body must be one object.');
  return events[0];
}
