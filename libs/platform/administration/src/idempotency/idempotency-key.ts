import { hash } from 'node:crypto';
import { ProblemError } from '@ledgerline/service-kit';
import { type FastifyRequest } from 'fastify';

const KEY = /^[\x20-\x7e]{1,255}$/;

/** The Idempotency-Key of a request (draft-ietf-httpapi-idempotency-key-header), or undefined. @throws ProblemError 400 for one that is none */
export function idempotencyKey({ headers }: Pick<FastifyRequest, 'headers'>): string | undefined {
  const key = headers['idempotency-key'];
  if (key === undefined) return undefined;
  if (typeof key === 'string' && KEY.test(key)) return key;
  throw new ProblemError(400, 'bad_header', 'A header is not valid.', [{ field: 'Idempotency-Key', reason: 'must be sent once, with 1 to 255 printable ASCII characters' }]);
}

/** What a request asks for: requests that differ in it are no repeats of each other. 64 hexadecimal digits. */
export function fingerprintOf({ method, url, body }: Pick<FastifyRequest, 'method' | 'url' | 'body'>): string {
  return hash('sha256', JSON.stringify([method, url, body ?? null]), 'hex');
}
