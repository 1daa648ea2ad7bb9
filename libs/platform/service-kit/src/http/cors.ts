import cors from '@fastify/cors';
import { type FastifyInstance } from 'fastify';

/** What a page may read of an answer beside its body. */
const EXPOSED_HEADERS = ['Retry-After', 'Link', 'Location', 'RateLimit', 'RateLimit-Policy', 'Preference-Applied'];
const METHODS = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE'];
const PREFLIGHT_MAX_AGE_S = 600;

/**
 * Lets pages of these origins ask, with a key or token in a header: cookies are no way in, so credentials are not allowed. Resolves once it stands;
 * what is installed later comes after it, so that a preflight, which carries no key, is answered before one is asked for.
 */
export async function installCors(fastify: FastifyInstance, origins: readonly string[]): Promise<void> {
  if (origins.length === 0) return;
  await fastify.register(cors, { origin: [...origins], methods: METHODS, exposedHeaders: EXPOSED_HEADERS, maxAge: PREFLIGHT_MAX_AGE_S, credentials: false, strictPreflight: false });
}
