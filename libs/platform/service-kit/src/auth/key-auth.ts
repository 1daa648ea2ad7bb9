import { type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify';
import { ProblemError } from '../http/problem-error.js';
import { sendProblem } from '../http/send-problem.js';
import { type KeySnapshot } from './key-snapshot.js';
import { type Principal, type Requirement } from './principal.js';
import { type RateLimits } from './rate-limits.js';
import { type TokenHolder, TokenVerifier } from './token-verifier.js';

const BEARER = /^Bearer +(\S+) *$/i;

const NOT_LOADED = new ProblemError(503, 'keys_unavailable', 'The API keys are not loaded yet; try again.', undefined, { 'retry-after': '1' });
const NO_KEY = unauthenticated('Send an API key as "Authorization: Bearer KEY" or "X-API-Key: KEY".');
const WRONG_KEY = unauthenticated('The API key is unknown, revoked or expired.');
const WRONG_TOKEN = unauthenticated('The token is not valid: it is expired, or not one of the issuer for this API.');
const NO_MEMBER = new ProblemError(403, 'forbidden', 'The user of this token belongs to no customer here.');
const NO_ISSUER = new ProblemError(503, 'identity_provider_unavailable', 'The keys of the identity provider cannot be read; try again.', undefined, { 'retry-after': '1' });
const NOT_ALLOWED = new ProblemError(403, 'forbidden', 'This API key does not allow this.');
const OPERATOR_ADMIN: Requirement = { scope: 'admin', audience: 'operator' };

/**
 * Checks the key of every request in Fastify's first hook, before a byte of the body is read: an unauthorised upload is refused
 * at its head. A known key costs two map look-ups and no promise. Answers whether any route asks for a key at all.
 */
export function installKeyAuth(fastify: FastifyInstance, keys: KeySnapshot, limits: RateLimits, tokens: TokenVerifier | null): { guarded(): boolean } {
  let guarded = false;
  fastify.addHook('onRoute', (route) => {
    guarded ||= route.config?.open !== true;
  });
  fastify.decorateRequest('principal', null as unknown as Principal);
  fastify.addHook('onRequest', (request, reply, done) => {
    const { config } = request.routeOptions;
    if (config?.open) return done();
    if (!keys.loaded) return sendProblem(reply, NOT_LOADED);
    const key = presentedKey(request);
    if (key === undefined) return sendProblem(reply, NO_KEY);
    const principal = keys.find(key);
    if (principal) return admit(principal, limits, request, reply, done);
    if (tokens !== null && TokenVerifier.looksLikeToken(key)) return void admitHolder(key, tokens, keys, limits, request, reply, done);
    keys.findFresh(key).then(
      (found) => (found ? admit(found, limits, request, reply, done) : sendProblem(reply, WRONG_KEY)),
      () => sendProblem(reply, WRONG_KEY),
    );
  });
  return { guarded: () => guarded };
}

async function admitHolder(token: string, tokens: TokenVerifier, keys: KeySnapshot, limits: RateLimits, request: FastifyRequest, reply: FastifyReply, done: () => void): Promise<void> {
  let holder: TokenHolder | null;
  try {
    holder = await tokens.verify(token);
  } catch {
    return sendProblem(reply, NO_ISSUER);
  }
  if (holder === null) return sendProblem(reply, WRONG_TOKEN);
  const principal = holder.principal ?? keys.member(holder.subject);
  if (principal === undefined) return sendProblem(reply, NO_MEMBER);
  admit(principal, limits, request, reply, done);
}

function admit(principal: Principal, limits: RateLimits, request: FastifyRequest, reply: FastifyReply, done: () => void): void {
  const { scope, audience } = request.routeOptions.config?.requires ?? OPERATOR_ADMIN;
  const allowed = principal.scopes.has(scope) && (audience === 'anyone' || principal.customerId === null);
  if (!allowed && !request.is404) return sendProblem(reply, NOT_ALLOWED);
  request.principal = principal;
  const counted = limits.takeRequest(principal, reply);
  if (counted === null) return done();
  counted.then(
    () => done(),
    (problem: ProblemError) => sendProblem(reply, problem),
  );
}

function presentedKey(request: FastifyRequest): string | undefined {
  const { authorization } = request.headers;
  if (authorization !== undefined) return BEARER.exec(authorization)?.[1];
  const header = request.headers['x-api-key'];
  return typeof header === 'string' && header !== '' ? header : undefined;
}

function unauthenticated(detail: string): ProblemError {
  return new ProblemError(401, 'unauthenticated', detail, undefined, { 'www-authenticate': 'Bearer' });
}
