import { decimalOf, type LoggedTable } from '@ledgerline/administration';

/** What is logged of quotas. */
export const LOGGED_TABLES: readonly LoggedTable[] = [
  { table: 'quotas', object: 'quota', id: 'id', customer: 'customer_id', shown: ['customer_id', 'metric', 'provider', 'model', decimalOf('limit_value', 'limit'), ['version', (row) => `${row}.limit_version`], 'thresholds'] },
];
