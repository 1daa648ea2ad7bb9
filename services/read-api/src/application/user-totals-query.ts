import { type BoundSql, Conditions } from './bound-sql.js';
import { type EventScope } from './ports.js';

/** One row of sums over everything of a user. A row that takes something back has the same cents as the one that it takes back, with its sign. */
export function userTotalsSQL(userId: string, scope: EventScope): BoundSql {
  const where = new Conditions().equals('user_id', userId).equals('customer_id', scope.customerId);
  const sums = ['count() AS rows_read', 'sum(event_count) AS total_events', 'sum(unpriced_count) AS total_unpriced', 'sum(cost_usd) AS total_cost', 'sum(toInt128(cost_usd * 100)) AS total_credits'];
  return { sql: `SELECT ${sums.join(', ')}\nFROM usage_events${where.toSQL()}`, parameters: where.parameters };
}
