import { type Scope } from '@ledgerline/service-kit';
import { type MemberRole } from '../application/ports.js';
import { type ColumnType, type Generated } from 'kysely';

export interface KeyTable {
  id: Generated<string>;
  name: string;
  scopes: Scope[];
  customer_id: string | null;
  user_id: string | null;
  expires_at: Date | null;
  requests_per_second: number | null;
  events_per_second: number | null;
  prefix: string;
  hash: string;
  created_by: string | null;
  created_at: Generated<Date>;
  revoked_at: Date | null;
}

export interface KeyUseTable {
  key_id: string;
  last_used_at: Date;
}

export interface CustomerTable {
  customer_id: string;
  name: string | null;
  created_by: 'event' | 'admin';
  created_at: Generated<Date>;
}

export interface ProjectTable {
  project_id: Generated<string>;
  customer_id: string;
  name: string | null;
  created_at: Generated<Date>;
}

export interface UserTable {
  user_id: Generated<string>;
  subject: string;
  email: string | null;
  name: string | null;
  created_at: Generated<Date>;
}

export interface MembershipTable {
  user_id: string;
  customer_id: string | null;
  role: MemberRole;
}

type Int8 = ColumnType<number | bigint, number, number>;

export interface StreamPositionTable {
  stream: string;
  sequence: Int8;
  stream_id: string;
  message_digest: string;
  highest_seen: Int8;
}

/** The tables of the schema `accounts`. */
export interface AccountsDatabase {
  'accounts.keys': KeyTable;
  'accounts.key_uses': KeyUseTable;
  'accounts.customers': CustomerTable;
  'accounts.projects': ProjectTable;
  'accounts.users': UserTable;
  'accounts.memberships': MembershipTable;
  'accounts.stream_positions': StreamPositionTable;
}
