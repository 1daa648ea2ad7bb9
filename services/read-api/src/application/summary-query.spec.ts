import { describe, expect, it } from '@jest/globals';
import { summariesSQL } from './summary-query.js';

const HOUR_US = 3_600_000_000;
const where = (sql: string) => sql.slice(sql.indexOf('FROM'));

describe('summariesSQL', () => {
  it('without groupings and dates sums everything into one row', () => {
    const { sql, parameters } = summariesSQL({ groupBy: [], limit: 10 });
    expect(where(sql)).toBe('FROM usage_events');
    expect(sql).toContain('SELECT\n  sum(event_count) AS total_events,\n  sum(unpriced_count) AS total_unpriced,\n  sum(cost_usd) AS total_cost,\n  sum(toInt128(input_tokens)) AS total_input_tokens,');
    expect(sql).toContain('  sum(seconds) AS total_seconds,');
    expect(parameters).toEqual({});
  });

  it('groups by any combination, over the quarters of an hour that the projection holds', () => {
    const { sql, parameters } = summariesSQL({ customerId: "o'x", groupBy: ['model', 'hour', 'month'], fromUs: HOUR_US, toUs: 2 * HOUR_US, limit: 10 });
    expect(sql).toContain(`SELECT
  model AS group_model,
  formatDateTime(toStartOfHour(toStartOfFifteenMinutes(occurred_at)), '%Y-%m-%dT%H:00:00Z', 'UTC') AS group_hour,
  formatDateTime(toStartOfDay(toStartOfFifteenMinutes(occurred_at)), '%Y-%m', 'UTC') AS group_month,
  sum(event_count)`);
    expect(where(sql)).toBe(`FROM usage_events
WHERE customer_id = {customer_id:String}
  AND toStartOfFifteenMinutes(occurred_at) >= fromUnixTimestamp64Micro({from:Int64}, 'UTC')
  AND toStartOfFifteenMinutes(occurred_at) < fromUnixTimestamp64Micro({to:Int64}, 'UTC')
GROUP BY group_model, group_hour, group_month
HAVING total_events != 0 OR ifNull(total_cost, 0) != 0
ORDER BY group_model, group_hour, group_month
LIMIT {limit:UInt32}`);
    expect(parameters).toEqual({ customer_id: "o'x", from: HOUR_US, to: 2 * HOUR_US, limit: 10 });
  });

  it('with bounds inside a quarter of an hour sums the rows themselves', () => {
    const { sql } = summariesSQL({ groupBy: ['day'], fromUs: HOUR_US + 1, limit: 10 });
    expect(sql).toContain("formatDateTime(toStartOfDay(occurred_at), '%Y-%m-%d', 'UTC') AS group_day");
    expect(where(sql)).toContain("WHERE occurred_at >= fromUnixTimestamp64Micro({from:Int64}, 'UTC')");
  });

  it('sorted by a sum has an order that leaves nothing open, an unknown cost last', () => {
    const orderOf = (measure: string, descending: boolean) => /ORDER BY .*/.exec(summariesSQL({ groupBy: ['model', 'month'], order: { measure, descending }, limit: 10 }).sql)![0];
    expect(orderOf('event_count', false)).toBe('ORDER BY total_events ASC NULLS LAST, group_model, group_month');
    expect(orderOf('cost_usd', true)).toContain('ifNull(total_cost, 0), NULL) DESC NULLS LAST, group_model, group_month');
    expect(orderOf('tokens', true)).toContain('total_input_tokens + total_cached_input_tokens + ');
  });

  it.each([
    ['hour', Date.UTC(2026, 2, 1), Date.UTC(2026, 1, 28, 23), '2026-03-01T00:00:00Z'],
    ['day', Date.UTC(2024, 2, 1), Date.UTC(2024, 1, 29), '2024-03-01'],
    ['month', Date.UTC(2026, 0, 1), Date.UTC(2025, 11, 1), '2026-01'],
  ] as const)('compared by the %s reaches back one period and answers none of it', (period, from, reachesTo, first) => {
    const { sql, parameters } = summariesSQL({ groupBy: ['customer', period], fromUs: from * 1000, comparePrevious: true, limit: 10 });
    expect(parameters).toEqual({ from: reachesTo * 1000, first_period: first, limit: 10 });
    expect(sql).toContain('WINDOW previous AS (PARTITION BY group_customer ORDER BY ');
    expect(sql).toMatch(new RegExp(`\\) AS c\nWHERE group_${period} >= \\{first_period:String\\}\nORDER BY group_customer, group_${period}\nLIMIT`));
  });
});
