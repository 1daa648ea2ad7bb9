import { type Role } from '@ledgerline/service-kit';

/** A key as it is kept: without its text. */
export interface ApiKey {
  readonly id: string;
  readonly name: string;
  readonly role: Role;
  readonly prefix: string;
  readonly createdAt: Date;
  readonly revokedAt: Date | null;
}

export interface NewKey {
  readonly name: string;
  readonly role: Role;
  readonly prefix: string;
  /** Lower-case hex SHA-256 of the key's text. */
  readonly hash: string;
  /** Id of the key that made it; null for the one from the configuration. */
  readonly createdBy: string | null;
}

export type Revocation = 'revoked' | 'not_found' | 'last_admin_key';

/** Where keys are kept. Every change reaches the published snapshot with its commit. */
export interface Keys {
  add(key: NewKey): Promise<ApiKey>;
  /** The key of that hash, added if there is none; a revoked one stays revoked. */
  ensure(key: NewKey): Promise<ApiKey>;
  /** In order of id, after `cursor`. */
  list(page: PageRequest): Promise<ApiKey[]>;
  /** Revokes, unless no admin key would be left; revoking twice is revoking once. Safe against two at the same time. */
  revoke(id: string): Promise<Revocation>;
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
  add(id: string, name: string | null): Promise<Customer | null>;
  list(page: PageRequest): Promise<Customer[]>;
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
