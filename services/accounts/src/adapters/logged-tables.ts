import { type LoggedTable, timeOf } from '@ledgerline/administration';

const subjectOf = (row: 'old' | 'new'): string => `(select subject from accounts.users where user_id = ${row}.user_id)`;

/** What is logged of accounts. A key's hash is not, nor a user's name and address: an entry stays for ever. */
export const LOGGED_TABLES: readonly LoggedTable[] = [
  {
    table: 'keys',
    object: 'key',
    id: 'id',
    customer: 'customer_id',
    shown: ['name', 'scopes', 'customer_id', 'user_id', 'prefix', 'requests_per_second', 'events_per_second', timeOf('expires_at'), timeOf('revoked_at')],
  },
  {
    table: 'customers',
    object: 'customer',
    id: 'customer_id',
    customer: 'customer_id',
    shown: ['name', 'created_by'],
    // A customer whom its first event makes is nobody's doing.
    changes: [{ on: 'insert', when: "new.created_by = 'admin'" }, { on: 'update or delete' }],
  },
  { table: 'projects', object: 'project', id: 'project_id', customer: 'customer_id', shown: ['name', 'customer_id'] },
  // A user is what its membership makes of it; of the rest, only a change of the subject gives anybody any right.
  { table: 'memberships', object: 'user', id: 'user_id', customer: 'customer_id', shown: [['subject', subjectOf], 'customer_id', 'role'] },
  { table: 'users', object: 'user', id: 'user_id', shown: ['subject'], changes: [{ on: 'update' }] },
];
