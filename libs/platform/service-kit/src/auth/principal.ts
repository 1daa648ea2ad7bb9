/** `admin` may do everything, `producer` may only send events. */
export type Role = 'admin' | 'producer';

/** Who sent a request. */
export interface Principal {
  readonly keyId: string;
  readonly role: Role;
}

declare module 'fastify' {
  interface FastifyRequest {
    /** Set on every route but the operational ones. */
    principal: Principal;
  }
  interface FastifyContextConfig {
    /** The least role a route asks for; `admin` when it says nothing. */
    requiredRole?: Role;
    /** Answers without a key: health, readiness, metrics. */
    open?: boolean;
  }
}
