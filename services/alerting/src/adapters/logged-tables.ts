import { BY_AN_ACTOR, type LoggedTable, timeOf } from '@ledgerline/administration';

/** What is logged of alerts: what is done to them on somebody's behalf. What follows from decisions of the quota service is in their history. */
export const LOGGED_TABLES: readonly LoggedTable[] = [
  {
    table: 'alerts',
    object: 'alert',
    id: 'id',
    customer: 'customer_id',
    shown: ['kind', 'status', timeOf('raised_at'), timeOf('resolved_at')],
    changes: [{ on: 'insert or update or delete', when: BY_AN_ACTOR }],
  },
];

/** What people say of alerts: `alert.acknowledged`, `alert.resolved`. */
export const LOGGED_STATEMENTS: LoggedTable = {
  table: 'alert_statements',
  object: 'alert',
  id: 'alert_id',
  customer: 'customer_id',
  shown: ['crossing_number', 'note'],
  called: (row) => `${row}.kind`,
};
