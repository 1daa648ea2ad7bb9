import { createRemoteJWKSet, errors, type JWTPayload, jwtVerify, type JWTVerifyGetKey } from 'jose';
import { type Principal, type Scope } from './principal.js';

/** Whose tokens are taken, and how they are read. */
export interface TokenTerms {
  readonly issuer: string;
  readonly jwksUrl: string;
  /** `aud` must name it; not looked at without one. */
  readonly audience: string | undefined;
  /** A token that names its authorized party, `azp`, must name one of these; not looked at when there are none. */
  readonly authorizedParties: readonly string[];
  /** Claim with the customer's id, `o.id` for one inside another; without it, or where a token has none, memberships decide. */
  readonly customerClaim: string | undefined;
  /** Claim with the role within the customer. */
  readonly roleClaim: string | undefined;
  /** Roles that may administer their customer; every other may use it. */
  readonly adminRoles: readonly string[];
}

/** Who a token speaks for. */
export interface TokenHolder {
  readonly subject: string;
  /** As the token itself says; null when it says nothing. */
  readonly principal: Principal | null;
}

/** The identity provider's keys cannot be read at the moment. */
export class TokensUnavailableError extends Error {
  constructor(cause: unknown) {
    super('the keys of the identity provider cannot be read', { cause });
    this.name = 'TokensUnavailableError';
  }
}

/** Signatures by a private key alone: a secret shared with the provider, or none, is never taken. */
const ALGORITHMS = ['RS256', 'PS256', 'ES256', 'EdDSA'];
const CLOCK_TOLERANCE_S = 5;
const JWKS_TIMEOUT_MS = 3_000;
const REMEMBERED = 1_024;
const LONGEST_TOKEN = 8_192;
const LONGEST_NAME = 256;
const JWT = /^ey[\w-]+\.[\w-]+\.[\w-]+$/;

const MEMBER: readonly Scope[] = ['ingest', 'read'];
const ADMIN: readonly Scope[] = ['ingest', 'read', 'admin'];

/** Checks JWTs of an outside identity provider. */
export class TokenVerifier {
  private readonly keys: JWTVerifyGetKey;
  /** Tokens that were checked lately: a session's is sent with every request. */
  private readonly known = new Map<string, { readonly holder: TokenHolder; readonly endsAtMs: number }>();

  constructor(
    private readonly terms: TokenTerms,
    private readonly nowMs: () => number,
  ) {
    this.keys = createRemoteJWKSet(new URL(terms.jwksUrl), { timeoutDuration: JWKS_TIMEOUT_MS });
  }

  /** Whether a text can be a token at all. */
  static looksLikeToken(text: string): boolean {
    return text.length <= LONGEST_TOKEN && JWT.test(text);
  }

  /** @returns null when it is not a token of this provider, for us, in force @throws TokensUnavailableError */
  async verify(token: string): Promise<TokenHolder | null> {
    const known = this.known.get(token);
    if (known !== undefined) return this.nowMs() < known.endsAtMs ? known.holder : null;
    const claims = await this.claimsOf(token);
    if (claims === null) return null;
    const holder = this.holderOf(claims);
    if (holder === null) return null;
    if (this.known.size >= REMEMBERED) this.known.clear();
    this.known.set(token, { holder, endsAtMs: (claims.exp! + CLOCK_TOLERANCE_S) * 1_000 });
    return holder;
  }

  private async claimsOf(token: string): Promise<JWTPayload | null> {
    const { issuer, audience } = this.terms;
    try {
      const options = { issuer, audience, algorithms: ALGORITHMS, clockTolerance: CLOCK_TOLERANCE_S, requiredClaims: ['sub', 'exp'], currentDate: new Date(this.nowMs()) };
      return (await jwtVerify(token, this.keys, options)).payload;
    } catch (error) {
      // Everything that is wrong with the token has a code of its own.
      if (error instanceof errors.JOSEError && !(error instanceof errors.JWKSTimeout) && error.code !== 'ERR_JOSE_GENERIC') return null;
      throw new TokensUnavailableError(error);
    }
  }

  private holderOf(claims: JWTPayload): TokenHolder | null {
    const { authorizedParties, customerClaim, roleClaim, adminRoles } = this.terms;
    const { azp } = claims;
    if (authorizedParties.length > 0 && azp !== undefined && !authorizedParties.includes(azp as string)) return null;
    const subject = name(claims.sub);
    if (subject === null) return null;
    const customerId = customerClaim === undefined ? null : name(claimAt(claims, customerClaim));
    if (customerId === null) return { subject, principal: null };
    const role = roleClaim === undefined ? undefined : claimAt(claims, roleClaim);
    const scopes = new Set(adminRoles.includes(role as string) ? ADMIN : MEMBER);
    return { subject, principal: { kind: 'user', keyId: subject, customerId, userId: subject, scopes, limits: { requestsPerSecond: null, eventsPerSecond: null } } };
  }
}

/** A text that can stand where ids stand. */
const name = (value: unknown): string | null => (typeof value === 'string' && value !== '' && value.length <= LONGEST_NAME ? value : null);

/** `o.id`: the claim `id` in the claim `o`; a claim of that very name comes first. */
function claimAt(claims: JWTPayload, path: string): unknown {
  if (path in claims) return claims[path];
  return path.split('.').reduce<unknown>((value, part) => (typeof value === 'object' && value !== null ? (value as Record<string, unknown>)[part] : undefined), claims);
}
