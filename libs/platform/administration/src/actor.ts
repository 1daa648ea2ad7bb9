import { type FastifyRequest } from 'fastify';
import { type Principal } from '@ledgerline/service-kit';

/** Who changed something. */
export interface Actor {
  /** `system`: no request at all, such as a start, a job, or somebody in the database. */
  readonly type: 'key' | 'user' | 'system';
  /** Id of a key, subject of a token, or `system`. */
  readonly id: string;
  /** 32 hexadecimal digits, as in W3C Trace Context. */
  readonly traceId: string | null;
}

export const SYSTEM: Actor = { type: 'system', id: 'system', traceId: null };

/** Who sent a request, and in which trace. */
export function actorOf({ principal, trace }: { readonly principal: Principal; readonly trace: FastifyRequest['trace'] }): Actor {
  return { type: principal.kind, id: principal.keyId, traceId: trace?.traceparent?.split('-')[1] ?? null };
}
