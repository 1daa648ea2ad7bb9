import { type FastifyReply } from 'fastify';
import { RateLimiterMemory, type RateLimiterRes } from 'rate-limiter-flexible';
import { ProblemError } from '../http/problem-error.js';
import { type Principal } from './principal.js';

const MS_PER_S = 1_000;

/** What is limited; the word is the name of the policy in the RateLimit headers. */
type Limited = 'requests' | 'events';

/**
 * Holds keys to what they may do in a second. Each process counts for itself.
 *
 * Answers to a key with limits carry `RateLimit-Policy` and `RateLimit` (draft-ietf-httpapi-ratelimit-headers), a refusal `Retry-After` as well.
 */
export class RateLimits {
  /** By what is limited and to how many; a key has a count of its own in it. */
  private readonly limiters = new Map<string, RateLimiterMemory>();

  /** Counts a request. Null when nothing has to be waited for. @throws (rejects with) ProblemError 429 */
  takeRequest({ keyId, limits }: Principal, reply: FastifyReply): Promise<void> | null {
    const { requestsPerSecond } = limits;
    return requestsPerSecond === null ? null : this.take('requests', requestsPerSecond, keyId, 1, reply);
  }

  /** Counts the events of a request before any of them is taken. @throws ProblemError 429, or 413 for more than fit a second at all */
  async takeEvents({ keyId, limits }: Principal, count: number, reply: FastifyReply): Promise<void> {
    const { eventsPerSecond } = limits;
    if (eventsPerSecond === null) return;
    if (count > eventsPerSecond) throw new ProblemError(413, 'too_many_events', `This API key may send ${eventsPerSecond} events a second; the request has ${count}.`);
    await this.take('events', eventsPerSecond, keyId, count, reply);
  }

  private async take(what: Limited, limit: number, keyId: string, count: number, reply: FastifyReply): Promise<void> {
    try {
      say(reply, what, limit, await this.limiter(what, limit).consume(keyId, count));
    } catch (refusal) {
      if (refusal instanceof Error) throw refusal;
      const state = refusal as RateLimiterRes;
      say(reply, what, limit, state);
      throw new ProblemError(429, 'rate_limited', `This API key may send ${limit} ${what} a second.`, undefined, { 'retry-after': String(secondsOf(state)) });
    }
  }

  private limiter(what: Limited, limit: number): RateLimiterMemory {
    const name = `${what} ${limit}`;
    let limiter = this.limiters.get(name);
    if (limiter === undefined) this.limiters.set(name, (limiter = new RateLimiterMemory({ points: limit, duration: 1 })));
    return limiter;
  }
}

const secondsOf = ({ msBeforeNext }: RateLimiterRes): number => Math.max(1, Math.ceil(msBeforeNext / MS_PER_S));

/** A request may be held to both limits: each is a member of the lists. */
function say(reply: FastifyReply, what: Limited, limit: number, state: RateLimiterRes): void {
  append(reply, 'ratelimit-policy', `"${what}";q=${limit};w=1`);
  append(reply, 'ratelimit', `"${what}";r=${state.remainingPoints};t=${secondsOf(state)}`);
}

function append(reply: FastifyReply, header: string, member: string): void {
  const before = reply.getHeader(header);
  void reply.header(header, before === undefined ? member : `${String(before)}, ${member}`);
}
