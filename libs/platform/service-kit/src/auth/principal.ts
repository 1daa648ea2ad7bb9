/** What a key may be used for. `admin` does not include the others: a key has each scope that it needs. */
export const SCOPES = ['ingest', 'read', 'admin'] as const;
export type Scope = (typeof SCOPES)[number];

/** Whom a route is for: `operator`: keys of the operator alone; `anyone`: also those of a customer, who sees and touches its own alone. */
export type Audience = 'operator' | 'anyone';

/** How much a key may do in a second, of one process; null: as much as it likes. */
export interface KeyLimits {
  readonly requestsPerSecond: number | null;
  readonly eventsPerSecond: number | null;
}

/** Who sent a request. */
export interface Principal {
  /** An API key, or a user of the identity provider by a token of it. */
  readonly kind: 'key' | 'user';
  /** The key's id, or the user's subject. */
  readonly keyId: string;
  /** The customer that the key belongs to; null: the operator. */
  readonly customerId: string | null;
  /** The user that the key or token acts for; null: none in particular. */
  readonly userId: string | null;
  readonly scopes: ReadonlySet<Scope>;
  readonly limits: KeyLimits;
}

/** What a route asks of a caller. */
export interface Requirement {
  readonly scope: Scope;
  readonly audience: Audience;
}

declare module 'fastify' {
  interface FastifyRequest {
    /** Set on every route but the operational ones. */
    principal: Principal;
  }
  interface FastifyContextConfig {
    /** The operator's `admin` when it says nothing. */
    requires?: Requirement;
    /** Answers without a key: health, readiness, metrics. */
    open?: boolean;
  }
}
