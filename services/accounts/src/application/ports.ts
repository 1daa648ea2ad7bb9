import { type Change } from '@ledgerline/administration';
import { type KeyLimits, type Scope } from '@ledgerline/service-kit';

/** A key as it is kept: without its text. */
export interface ApiKey {
  readonly id: string;
  readonly name: string;
  readonly scopes: readonly Scope[];
  /** Whose it is; null: the operator's. */
  readonly customerId: string | null;
  /** The user that it acts for; null: none in particular. */
  readonly userId: string | null;
  readonly limits: KeyLimits;
  readonly prefix: string;
  readonly createdAt: Date;
  readonly expiresAt: Date | null;
  readonly revokedAt: Date | null;
  readonly lastUsedAt: Date | null;
}

export interface NewKey {
  readonly name: string;
  readonly scopes: readonly Scope[];
  readonly customerId: string | null;
  readonly userId: string | null;
  readonly limits: KeyLimits;
  readonly expiresAt: Date | null;
  readonly prefix: string;
  /** Lower-case hex SHA-256 of the key's text. */
  readonly hash: string;
  /** Id of the key that made it; null for the one from the configuration. */
  readonly createdBy: string | null;
}

export type Revocation = 'revoked' | 'not_found' | 'last_admin_key';

/** Where keys are kept. Every change reaches the published snapshot with its commit. */
export interface Keys {
  add(key: NewKey, change: Change): Promise<ApiKey>;
  /** The key of that hash, added if there is none; a revoked one stays revoked. */
  ensure(key: NewKey, change: Change): Promise<ApiKey>;
  /** In order of id, after `cursor`. @param of the customer whose keys to keep to */
  list(page: PageRequest, of: string | undefined): Promise<ApiKey[]>;
  /**
   * Revokes, unless no admin key of the operator would be left; revoking twice is revoking once. Safe against two at the same time.
   * @param of the customer whose keys to keep to
   */
  revoke(id: string, of: string | undefined, change: Change): Promise<Revocation>;
  /** Adds a key with the rights of another, which ends at `oldEndsAt` if not before. `not_found` and `not_active` add nothing. */
  replace(id: string, of: string | undefined, by: Pick<NewKey, 'prefix' | 'hash' | 'createdBy'>, oldEndsAt: Date, change: Change): Promise<ApiKey | 'not_found' | 'not_active'>;
}

export interface Customer {
  readonly id: string;
  readonly name: string | null;
  /** `event`: first seen in usage; `admin`: entered by hand. */
  readonly createdBy: 'event' | 'admin';
  readonly createdAt: Date;
}

/** Where customers are kept. */
export interface Customers {
  /** The new customer, or null when the id is taken. */
  add(id: string, name: string | null, change: Change): Promise<Customer | null>;
  /** @param only the one customer to keep to */
  list(page: PageRequest, only: string | undefined): Promise<Customer[]>;
}

/** Where the position in the QUOTA stream is kept, beside what was read from it. */
export interface SeenCustomers {
  /** Adds the unknown ones among `ids` and moves the position, in one transaction fenced by the lease. Answers how many were new. */
  record(ids: readonly string[], position: StreamPosition, fence: Fence): Promise<number>;
  position(): Promise<StreamPosition | null>;
}

export interface StreamPosition {
  readonly sequence: number;
  readonly streamId: string;
  readonly messageDigest: string;
  readonly highestSeen: number;
}

export interface Fence {
  readonly unit: number;
  readonly epoch: number;
}

export interface PageRequest {
  readonly limit: number;
  /** The id that the last page ended with. */
  readonly after: string | null;
}

export interface Project {
  readonly id: string;
  readonly customerId: string;
  readonly name: string | null;
  readonly createdAt: Date;
}

export interface NewProject {
  /** A UUID in lower case; one is made when there is none. */
  readonly id: string | undefined;
  readonly customerId: string;
  readonly name: string | null;
}

/** Where projects are kept. */
export interface Projects {
  /** The new project, or null when the id is taken. */
  add(project: NewProject, change: Change): Promise<Project | null>;
  /** In order of id. @param of the customer whose projects to keep to */
  list(page: PageRequest, of: string | undefined): Promise<Project[]>;
  find(id: string): Promise<Project | null>;
}

/** `admin` of the operator or of a customer; the operator has `viewer`s, a customer `member`s. */
export type MemberRole = 'admin' | 'viewer' | 'member';

/** A user of the outside identity provider, with whose it is. */
export interface User {
  readonly id: string;
  /** `sub` of its tokens. */
  readonly subject: string;
  readonly email: string | null;
  readonly name: string | null;
  /** null: the operator's. */
  readonly customerId: string | null;
  readonly role: MemberRole;
  readonly createdAt: Date;
}

export type NewUser = Omit<User, 'id' | 'createdAt'>;

/** Where users and their memberships are kept. Every change reaches the published members with its commit. */
export interface Users {
  /** The new user, or null when there is one of that subject. */
  add(user: NewUser, change: Change): Promise<User | null>;
  /** In order of id. @param of the customer whose users to keep to */
  list(page: PageRequest, of: string | undefined): Promise<User[]>;
  /** False when there is no such user. @param of the customer whose users to keep to */
  remove(id: string, of: string | undefined, change: Change): Promise<boolean>;
}
