import { ProblemError } from '@ledgerline/service-kit';
import { readBody } from './read-body.js';
import { type FastifyRequest } from 'fastify';

/** The one JSON value of a request. @throws ProblemError 400, 413, 415 */
export async function readJson({ body, headers }: FastifyRequest): Promise<unknown> {
  const { events, single } = await readBody(body, headers['content-type'], headers['content-encoding']).catch(oneOnly);
  if (!single) throw notOne();
  return events[0];
}

const notOne = (): ProblemError => new ProblemError(400, 'malformed_json', 'The body must be one object.');

/** What is said of lists of events means something else where there can be none. */
function oneOnly(error: unknown): never {
  if (error instanceof ProblemError && (error.code === 'empty_batch' || error.code === 'too_many_events')) throw notOne();
  throw error;
}
